"""What holds between products: a variant and its parent, a kit and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared_models.catalogue import KitComponent, Product

MOST_COMPONENTS = 50
MOST_OF_A_COMPONENT_MILLI = 999_999


class Linked(Protocol):
    """The part of a product that names other products."""

    @property
    def variant_of(self) -> str | None: ...
    @property
    def components(self) -> tuple[KitComponent, ...]: ...
    @property
    def weighed(self) -> bool: ...


def linked_ids(wanted: Linked) -> list[str]:
    parent = [wanted.variant_of] if wanted.variant_of else []
    return [*parent, *(component.product_id for component in wanted.components)]


def fault_of_links(wanted: Linked, product_id: str, known: Mapping[str, Product]) -> tuple[str, str]:
    """The field and what to do about it; two empty texts when all is well. `known` holds those for sale."""
    if wanted.variant_of:
        fault = _fault_of_parent(wanted.variant_of, product_id, known)
        if fault:
            return "variant_of", fault
    return ("kit", fault) if (fault := _fault_of_kit(wanted, product_id, known)) else ("", "")


def _fault_of_parent(parent_id: str, product_id: str, known: Mapping[str, Product]) -> str:
    parent = known.get(parent_id)
    if parent is None:
        return "There is no such parent. Put the parent's row above its variants."
    if parent_id == product_id or parent.variant_of:
        return "A parent is no variant itself. Name the product at the head of the family."
    return ""


def _fault_of_kit(wanted: Linked, product_id: str, known: Mapping[str, Product]) -> str:
    inside = [component.product_id for component in wanted.components]
    if not inside:
        return ""
    if wanted.weighed:
        return "A kit is sold by the piece. Take 'weighed' off it."
    if len(inside) > MOST_COMPONENTS or len(set(inside)) != len(inside):
        return f"Name each thing in the kit once, and at most {MOST_COMPONENTS} things."
    for component in wanted.components:
        if not 0 < component.quantity_milli <= MOST_OF_A_COMPONENT_MILLI:
            return "A kit holds more than nothing and less than 1,000 of a thing."
        product = known.get(component.product_id)
        if product is None or component.product_id == product_id:
            return "Something in the kit is not known. Put its row above the kit's."
        if product.components:
            return f"'{product.name}' is a kit itself. Name what is in it instead."
    return ""
