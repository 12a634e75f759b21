# SPDX-License-Identifier: MIT
"""What values are: frozen dataclasses to whoever uses them, without what it takes to make such.

The module dataclasses writes each class's methods as text and compiles it, anew in every process. With inspect, which
it imports, that took half of what importing this package took. Here the methods stand once, for all classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import Field

    from typing_extensions import Self, dataclass_transform
else:
    def dataclass_transform(**_: Any) -> Any:
        return lambda kind: kind


class _AsDataclass:
    """An attribute of dataclasses that dataclasses itself, inspect and others look for: made when one does."""

    def __set_name__(self, owner: type[Value], name: str) -> None:
        self._name = name

    def __get__(self, value: Value | None, kind: type[Value]) -> Any:
        from dataclasses import field, make_dataclass
        from inspect import signature

        made = make_dataclass(kind.__name__, [
            (name, told, field(repr=name not in kind._hidden)) for name, told in kind._fields.items()], frozen=True)
        found = signature(made) if self._name == "__signature__" else getattr(made, self._name)
        setattr(kind, self._name, found)
        return found


@dataclass_transform(frozen_default=True)
class Value:
    """The fields are the annotations of the class; repr() leaves out those that are `hidden`."""

    _fields: ClassVar[dict[str, Any]] = {}
    _names: ClassVar[tuple[str, ...]] = ()
    _hidden: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    else:
        __dataclass_fields__, __dataclass_params__, __signature__ = _AsDataclass(), _AsDataclass(), _AsDataclass()

        def __init__(self, *values: Any, **named: Any) -> None:
            names = self._names
            told = {**dict(zip(names, values)), **named}
            if len(values) + len(named) != len(names) or told.keys() != {*names}:
                raise TypeError(f"{type(self).__name__}() takes each of these once: {', '.join(names)}")
            _adopt(self, told)

    def __init_subclass__(cls, hidden: tuple[str, ...] = ()) -> None:
        cls._fields = {**cls._fields, **cls.__dict__.get("__annotations__", {})}
        cls._hidden = (*cls._hidden, *hidden)
        cls._names = tuple(cls._fields)
        setattr(cls, "__match_args__", cls._names)  # which is a checker's own, to be read at most

    def __setattr__(self, name: str, value: object) -> NoReturn:
        _refuse(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        _refuse(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        told = (f"{name}={getattr(self, name)!r}" for name in self._fields if name not in self._hidden)
        return f"{type(self).__qualname__}({', '.join(told)})"

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple([getattr(self, name) for name in self._fields]))

    def __replace__(self, **changes: Any) -> Self:
        """copy.replace() of Python 3.13."""
        return type(self)(**{**self.__dict__, **changes})


_adopt = Value.__dict__["__dict__"].__set__
_Value = TypeVar("_Value", bound=Value)


def made(kind: type[_Value], told: dict[str, Any]) -> _Value:
    """A value of the keys that it names; others come from a newer library. Raises KeyError if one is missing.

    Where there are no others the dict becomes the value's own, and must not be changed from then on. To copy it takes as
    long as all the rest, and __init__ of a frozen class as long as decoding the JSON.
    """
    if len(told) != len(kind._names):  # the schema only ever adds
        told = {name: told[name] for name in kind._names}
    value = object.__new__(kind)
    _adopt(value, told)
    return value


def _refuse(why: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(why)
