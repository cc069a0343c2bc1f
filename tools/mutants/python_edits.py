"""Mutation operators on Python: each replaces the text of one node and keeps line numbers.

Docstrings, annotations, decorators, f-strings and calls of a logger or `assert_never` are not
mutated, nor is an assignment to a plain name, without which any run fails.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import accumulate

from tools.mutants.edit import Edit

NEGATED, OFF_BY_ONE, DROPPED = "negated condition", "off by one", "dropped statement"
CONSTANT, SWAPPED, EMPTIED = "constant return", "swapped and/or", "emptied collection"
OPERATORS = (NEGATED, OFF_BY_ONE, DROPPED, CONSTANT, SWAPPED, EMPTIED)
FLIPPED: dict[type[ast.cmpop], tuple[bytes, bytes]] = {
    ast.Lt: (b"<", b"<="),
    ast.LtE: (b"<=", b"<"),
    ast.Gt: (b">", b">="),
    ast.GtE: (b">=", b">"),
}
EMPTY = {
    ast.Tuple: b"()",
    ast.List: b"[]",
    ast.Set: b"set()",
    ast.Dict: b"{}",
    ast.ListComp: b"[]",
    ast.SetComp: b"set()",
    ast.DictComp: b"{}",
    ast.GeneratorExp: b"(())",  # its parentheses may be those of a call
}
RETURNS = {
    "bool": (b"True", b"False"),
    "str": (b'""',),
    "int": (b"0",),
    "tuple": (b"()",),
    "list": (b"[]",),
    "dict": (b"{}",),
    "set": (b"set()",),
    "frozenset": (b"frozenset()",),
}
"""The replacement of a return value, by the name of its type; default: None."""
LOGGERS = {"LOG", "_LOG", "log", "logger", "logging"}


def edits(source: bytes) -> Iterator[Edit]:
    """Yield each edit of *source* that parses to another program, in order."""
    walker, original = _Walker(source), _meaning(source)
    walker.visit(ast.parse(source))
    for edit in sorted(walker.found):
        if _meaning(edit.apply(source)) not in {None, original}:
            yield edit


def _meaning(source: bytes) -> str | None:
    """Return the program without its layout; None if it does not parse."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


class _Walker(ast.NodeVisitor):
    """Collects the edits; ``scope`` is the current function, ``kinds`` its return types."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]
        self.found: set[Edit] = set()
        self.scope: tuple[str, ...] = ()
        self.kinds: tuple[bytes, ...] = ()
        self.last: ast.stmt | None = None

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def text(self, node: ast.expr | ast.stmt) -> bytes:
        return self.source[self.start(node) : self.end(node)]

    def put(self, operator: str, node: ast.expr | ast.stmt, new: bytes) -> None:
        lines = b"\n" * (self.text(node).count(b"\n") - new.count(b"\n"))
        if lines:
            new = b"(%s%s)" % (new, lines) if isinstance(node, ast.expr) else new + lines
        within = ".".join(self.scope)
        self.found.add(Edit(operator, self.start(node), self.end(node), new, within))

    def between(self, operator: str, left: ast.expr, right: ast.expr, old: str, new: bytes) -> None:
        """Replace the token *old* between two operands."""
        held = re.search(old.encode(), self.source[self.end(left) : self.start(right)])
        if held is not None:
            start, end = (self.end(left) + each for each in held.span())
            self.found.add(Edit(operator, start, end, new, ".".join(self.scope)))

    def negate(self, test: ast.expr) -> None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.put(NEGATED, test, b"(%s)" % self.text(test.operand))
        else:
            self.put(NEGATED, test, b"(not (%s))" % self.text(test))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before = self.scope, self.kinds, self.last
        self.scope, self.last = (*self.scope, node.name), node.body[-1]
        returned = ast.unparse(node.returns) if node.returns else "None"
        kind = "None" if returned.endswith("| None") else returned.partition("[")[0]
        self.kinds = RETURNS.get(kind, (b"None",))
        for each in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(each)
        self.scope, self.kinds, self.last = before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.scope = (*self.scope, node.name)
        for each in node.body:
            self.visit(each)
        self.scope = self.scope[:-1]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Skip f-strings."""

    def visit_TypeAlias(self, node: ast.TypeAlias) -> None:
        """Skip types."""

    def visit_Expr(self, node: ast.Expr) -> None:
        called = node.value.func if isinstance(node.value, ast.Call) else None
        logs = isinstance(called, ast.Attribute) and ast.unparse(called.value) in LOGGERS
        never = isinstance(called, ast.Name) and called.id == "assert_never"  # mypy proves it
        if not logs and not never and not isinstance(node.value, ast.Constant):
            self.drop(node)

    def drop(self, node: ast.stmt) -> None:
        self.put(DROPPED, node, b"pass")
        self.generic_visit(node)

    visit_Raise = visit_AugAssign = visit_Continue = visit_Break = drop  # noqa: N815 - ast's names

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(each, ast.Attribute | ast.Subscript) for each in node.targets):
            self.put(DROPPED, node, b"pass")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node is not self.last:
            self.put(DROPPED, node, b"pass")
        for kind in self.kinds if node.value is not None else ():
            self.put(CONSTANT, node.value, kind)  # type: ignore[arg-type] # it is not None
        self.generic_visit(node)

    def tested(self, node: ast.If | ast.While | ast.IfExp | ast.Assert) -> None:
        self.negate(node.test)
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = visit_Assert = tested  # noqa: N815 - as above

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for each in node.ifs:
            self.negate(each)
        self.generic_visit(node)

    def visit_match_case(self, node: ast.match_case) -> None:
        if node.guard is not None:
            self.negate(node.guard)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.negate(node)
        operands = [node.left, *node.comparators]
        for left, right, op in zip(operands, operands[1:], node.ops, strict=False):
            if old_new := FLIPPED.get(type(op)):
                self.between(OFF_BY_ONE, left, right, old_new[0].decode(), old_new[1])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        old, new = ("and", b"or") if isinstance(node.op, ast.And) else ("or", b"and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between(SWAPPED, left, right, rf"\b{old}\b", new)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if type(node.value) is int:
            self.put(OFF_BY_ONE, node, b"%d" % (node.value + 1))

    def generic_visit(self, node: ast.AST) -> None:
        empty = EMPTY.get(type(node)) if isinstance(node, ast.expr) else None
        full = any(getattr(node, each, ()) for each in ("elts", "values", "generators"))
        if empty and full and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            self.put(EMPTIED, node, empty)  # type: ignore[arg-type] # mypy forgets that it is one
        super().generic_visit(node)
