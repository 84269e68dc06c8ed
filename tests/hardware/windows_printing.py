"""Windows' spooler as pywin32 shows it: a queue, a printer behind it, and what can be wrong with either.

It follows Microsoft's description of the calls; nobody has tried the driver on Windows here.
"""

PRINTING, ERROR = 0x10, 0x02


class FakeWindows:
    class error(Exception):
        pass

    def __init__(self, printer: str) -> None:
        self._printer = printer
        self.status = 0
        self.unplugged = False
        self.stops_while_printing = False
        self.paper = b""
        self.jobs_taken = 0
        self.open_handles = 0
        self._queue: dict[int, bytes] = {}

    def OpenPrinter(self, name):
        if name != self._printer:
            raise self.error(1801, "OpenPrinter", "The printer name is invalid.")
        self.open_handles += 1
        return "handle"

    def ClosePrinter(self, handle):
        self.open_handles -= 1

    def GetPrinter(self, handle, level):
        assert level == 2
        return {"Status": self.status, "Attributes": 0}

    def StartDocPrinter(self, handle, level, document):
        assert (level, document[2]) == (1, "RAW")
        self.jobs_taken += 1
        self._queue[self.jobs_taken] = b""
        return self.jobs_taken

    def WritePrinter(self, handle, data):
        self._queue[self.jobs_taken] += data
        return len(data)

    def EndDocPrinter(self, handle):
        pass

    def GetJob(self, handle, job, level):
        self._work()
        if job not in self._queue:
            raise self.error(87, "GetJob", "The parameter is incorrect.")
        return {"Status": PRINTING if self.stops_while_printing else 0}

    def SetJob(self, handle, job, level, info, command):
        assert (level, info, command) == (0, None, 5)
        self._queue.pop(job)

    def _work(self):
        if self.unplugged or self.stops_while_printing:
            return
        for data in self._queue.values():
            self.paper += data
        self._queue.clear()
