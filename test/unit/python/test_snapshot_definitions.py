"""Functions, classes and imports of a notebook come back and behave as they did."""

from __future__ import annotations

from snapshot_sessions import Session, entry, verdicts


def test_a_restored_function_reads_the_live_namespace(session: Session) -> None:
    session.run("k = 5\ndef g():\n    return k")
    session.save()
    session.restore("assert g() == 5\nk = 100\nassert g() == 100")


def test_a_restored_function_writes_the_live_namespace(session: Session) -> None:
    session.run("count = 0\ndef tick():\n    global count\n    count += 1")
    session.save()
    session.restore("tick(); tick()\nassert count == 2")


def test_recursive_and_mutually_recursive_functions_come_back(session: Session) -> None:
    session.run(
        "def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\n"
        "def even(n):\n    return n == 0 or odd(n - 1)\n"
        "def odd(n):\n    return n != 0 and even(n - 1)\n"
    )
    session.save()
    session.restore("assert fact(5) == 120 and even(10) and not odd(10)")


def test_closures_that_share_a_variable_still_share_it(session: Session) -> None:
    session.run(
        "def counter():\n"
        "    n = 0\n"
        "    def up():\n        nonlocal n\n        n += 1\n"
        "    def get():\n        return n\n"
        "    return up, get\n"
        "up, get = counter()\nup()\n"
    )
    session.save()
    session.restore("up()\nassert get() == 2")


def test_a_closure_that_holds_itself_comes_back(session: Session) -> None:
    session.run(
        "def make():\n    def down(n):\n        return n if n == 0 else down(n - 1)\n"
        "    return down\ndown_to_zero = make()\n"
    )
    session.save()
    session.restore("assert down_to_zero(5) == 0")


def test_decorated_functions_generator_functions_and_lambdas_come_back(session: Session) -> None:
    session.run(
        "import functools\nstep = 2\n"
        "def twice(f):\n"
        "    @functools.wraps(f)\n    def wrapped(*a):\n        return f(f(*a))\n"
        "    return wrapped\n"
        "@twice\ndef plus(x, *, by=3):\n    'adds'\n    return x + by\n"
        "@functools.lru_cache(maxsize=7)\ndef fib(n):\n"
        "    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
        "def numbers(n):\n    for i in range(n):\n        yield i * step\n"
        "async def later():\n    return step\n"
        "add = lambda x: x + step\n"
        "half = functools.partial(add, 8)\n"
    )
    session.save()
    session.restore(
        "import asyncio\n"
        "assert plus(1) == 7 and plus.__name__ == 'plus' and plus.__doc__ == 'adds'\n"
        "assert fib(30) == 832040 and fib.cache_parameters()['maxsize'] == 7\n"
        "assert list(numbers(3)) == [0, 2, 4] and asyncio.run(later()) == 2\n"
        "step = 10\nassert add(1) == 11 and half() == 18\n"
    )


def test_the_source_of_a_function_comes_back(session: Session) -> None:
    session.run("def g(x: int = 1) -> int:\n    return x  # as it is\n")
    session.save()
    session.restore("import inspect\nassert '# as it is' in inspect.getsource(g)")


def test_classes_come_back_with_their_instances(session: Session) -> None:
    session.run(
        "import abc, dataclasses, typing\nscale = 3\n"
        "class Shape(abc.ABC):\n    @abc.abstractmethod\n    def area(self): ...\n"
        "@dataclasses.dataclass\nclass Box(Shape):\n    side: int = 1\n"
        "    def area(self):\n        return self.side ** 2 * scale\n"
        "    @classmethod\n    def unit(cls):\n        return cls()\n"
        "    @property\n    def double(self):\n        return Box(self.side * 2)\n"
        "class Cube(Box):\n    def area(self):\n        return 6 * super().area()\n"
        "class Slotted:\n    __slots__ = ('x',)\n"
        "class Point(typing.NamedTuple):\n    x: int\n    y: int = 0\n"
        "UserId = typing.NewType('UserId', int)\n"
        "box, cube, boxes, slotted = Box(2), Cube(1), [Box(3), Cube(4)], Slotted()\n"
        "slotted.x = 9\nfirst = boxes[0]\nmethod = box.area\npoint = Point(1)\n"
    )
    session.save()
    session.restore(
        "assert type(box) is Box and type(cube) is Cube and issubclass(Cube, Shape)\n"
        "assert type(boxes[1]) is Cube and boxes[0] is first and first == Box(3)\n"
        "assert box.area() == 12 and cube.area() == 18 and box.double.side == 4\n"
        "scale = 1\nassert box.area() == 4 and Box.unit().area() == 1\n"
        "box.side = 5\nassert method() == 25\n"
        "assert slotted.x == 9 and type(slotted) is Slotted\n"
        "assert point == Point(1, 0) and type(point) is Point and UserId(4) == 4\n"
    )


def test_enums_of_the_notebook_keep_the_identity_of_their_members(session: Session) -> None:
    session.run(
        "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
        "    def shout(self):\n        return self.name + '!'\n"
        "class Flag(enum.Flag):\n    A = enum.auto()\n    B = enum.auto()\n"
        "red = Color.RED\nlabels = {Color.BLUE: 'sky'}\nboth = Flag.A | Flag.B\n"
    )
    session.save()
    session.restore(
        "assert red is Color.RED and Color(2) is Color.BLUE and red.shout() == 'RED!'\n"
        "assert labels[Color.BLUE] == 'sky' and both == Flag.A | Flag.B\n"
    )


def test_classes_and_data_that_refer_to_each_other_come_back(session: Session) -> None:
    session.run(
        "class Node:\n    registry = {}\n    def __init__(self, name):\n"
        "        self.name = name\n        Node.registry[name] = self\n"
        "root = Node('root')\nregistry = Node.registry\n"
        "def a(x=None):\n    return b\n"
        "def b(x=a):\n    return x\n"
        "a.__defaults__ = (b,)\n"
    )
    session.save()
    session.restore(
        "assert Node.registry is registry and registry['root'] is root and type(root) is Node\n"
        "assert b() is a and a.__defaults__ == (b,)\n"
    )


def test_names_of_one_object_stay_names_of_one_object(session: Session) -> None:
    session.run(
        "shared = [1]\nalias = shared\nholder = {'inner': shared}\n"
        "def f(): pass\nsame = f\ntable = {'f': f}\nloop = []\nloop.append(loop)\n"
    )
    manifest = session.save()
    groups = {e["name"]: e["group"] for e in manifest["objects"]}
    assert groups["shared"] == groups["alias"] == groups["holder"] != groups["loop"]
    session.restore(
        "assert alias is shared and holder['inner'] is shared\n"
        "assert same is f and table['f'] is f and loop[0] is loop\n"
    )


def test_imports_come_back_by_import(session: Session) -> None:
    session.run(
        "import json as j, xml.etree.ElementTree\nfrom os.path import join as glue\n"
        "from collections import Counter\nfrom math import sqrt\n"
        "def root(x): return sqrt(x)\n"
    )
    manifest = session.save()
    assert {n for n, v in verdicts(manifest).items() if v == "import"} >= {
        "j",
        "xml",
        "glue",
        "Counter",
        "sqrt",
    }
    assert entry(manifest, "root")["verdict"] == "saved"
    session.restore(
        "assert j.dumps(1) == '1' and glue('a', 'b') == 'a/b' and Counter('aa')['a'] == 2\n"
        "assert xml.etree.ElementTree.fromstring('<a/>').tag == 'a' and root(9) == 3\n"
    )


def test_modules_of_the_working_directory_come_along(session: Session) -> None:
    (session.workdir / "my_helpers.py").write_text(
        "class Kept:\n    def __init__(self, x):\n        self.x = x\n"
        "def double(x):\n    return 2 * x\n"
    )
    session.run("import my_helpers\nfrom my_helpers import double as d\nkept = my_helpers.Kept(4)")
    session.save()
    session.restore("assert d(2) == 4 and kept.x == 4 and type(kept) is my_helpers.Kept")


def test_without_files_modules_of_the_working_directory_travel_by_value(session: Session) -> None:
    (session.workdir / "my_values.py").write_text(
        "factor = 3\ndef triple(x):\n    return factor * x\nclass Kept:\n    y = 1\n"
    )
    session.run("from my_values import triple, Kept\nkept = Kept()")
    session.save(files=False)
    session.restore("assert triple(2) == 6 and kept.y == 1")


def test_loading_into_the_same_session_puts_the_saved_values_back(session: Session) -> None:
    from slipway_session import snapshot

    session.run("class C:\n    def hi(self): return 'hi'\nx = [C()]\nk = 1\ndef g(): return k")
    session.save()
    session.run("x = None\nk = 2\ng = None\nnew = 1")
    reports = snapshot.load(session.namespace, session.directory)
    assert {report["verdict"] for report in reports} == {"saved"}
    session.run("assert x[0].hi() == 'hi' and type(x[0]) is C and g() == 1 and new == 1")


def test_a_restored_session_can_be_saved_again(session: Session, tmp_path) -> None:
    from slipway_session import snapshot

    session.run("k = 5\ndef g(): return k\nclass C: pass\nc = C()")
    session.save()
    session.namespace.clear()
    session.namespace["__name__"] = "__main__"
    snapshot.load(session.namespace, session.directory)
    session.save()
    session.restore("assert g() == 5 and type(c) is C\nk = 6\nassert g() == 6")
