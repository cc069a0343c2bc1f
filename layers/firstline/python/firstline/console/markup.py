"""Markup: HTML as a tree, so that whatever is text is escaped, and nothing else is possible."""

from xml.etree import ElementTree as ET

type Node = ET.Element[str]
type Child = Node | str


def element(tag: str, *children: Child, **attributes: str) -> Node:
    """An element; ``cls`` stands for its class."""
    named = {"class" if key == "cls" else key: value for key, value in attributes.items()}
    made = ET.Element(tag, named)
    for child in children:
        if isinstance(child, str):
            _add_text(made, child)
        else:
            made.append(child)
    return made


def text(root: Node) -> str:
    """The tree as HTML."""
    return ET.tostring(root, encoding="unicode", method="html")


def _add_text(parent: Node, said: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + said
    else:
        parent.text = (parent.text or "") + said
