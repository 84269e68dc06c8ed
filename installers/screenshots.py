"""Makes the README's pictures again: `make screenshots`. The till's example states, and a day lived by the demo."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from installers.demo.day import Day
from installers.demo.server_process import ServerProcess
from installers.demo.shop import ACCOUNT

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SCREENS = {
    "sale_light": "till",
    "sale_dark": "till-dark",
    "tender_light": "payment",
    "count_light": "count",
    "labels_light": "labels",
}
OF_THE_DAY = {
    "06-sale.png": "till-offline.png",
    "receipts/006.png": "receipt.png",
    "labels/001.png": "label.png",
}
CONSOLE_SIZE = {"width": 1366, "height": 900}


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _screens(Path(folder, "screens"))
        day = Path(folder, "day")
        status = Day(day).run()
        for made, name in OF_THE_DAY.items():
            shutil.copy(day / made, PICTURES / name)
        _console(day / "server")
    print(f"The pictures are in {PICTURES}.")
    return status


def _screens(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "pos_client.ui.screenshots", str(folder)], check=True)
    for made, name in SCREENS.items():
        shutil.copy(folder / f"{made}.png", PICTURES / f"{name}.png")


def _console(folder: Path) -> None:
    """Head office's first page after the day."""
    from playwright.sync_api import sync_playwright

    browser_path = (
        shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    )
    if browser_path is None:
        print("There is no Chromium here, so the console's picture stays as it was.")
        return
    server = ServerProcess(folder)
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            page = browser.new_page(viewport=CONSOLE_SIZE)  # type: ignore[arg-type]
            page.goto(f"{server.url}/login")
            page.fill("input[name=name]", ACCOUNT[0])
            page.fill("input[name=password]", ACCOUNT[1])
            page.press("input[name=password]", "Enter")
            page.wait_for_url("**/takings*")
            page.screenshot(path=PICTURES / "console.png")
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
