"""Faults on demand: which are set, which request meets which, and how often still."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.fields import Fields
from sandbox.kinds import AFTER_COMMIT, COMMON
from sandbox.problems import Json, Problem, bad_input, not_there
from sandbox.stage import Call, Kind, Param, Params, Service

ANY = "*"


@dataclass
class Fault:
    """
    One fault that was set. `times` is how many requests it still meets (None: all), `skip` how many it lets pass
    before; `session` and `group` limit it when they are given.
    """

    id: int
    service: str
    operation: str
    kind: str
    times: int | None
    skip: int
    session: str | None
    group: str | None
    params: Params
    created_at: str


class FaultBoard:
    """All faults, oldest first; a request meets the first that fits."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._services = {service.name: service for service in services}
        self._faults: list[Fault] = []
        self._last_id = 0

    def list(self) -> list[Fault]:
        """What is set now."""
        return list(self._faults)

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all. :raises Problem: there is none with this id"""
        kept = [] if fault_id is None else [fault for fault in self._faults if fault.id != fault_id]
        if fault_id is not None and len(kept) == len(self._faults):
            raise not_there("unknown_fault", f"there is no fault {fault_id}")
        self._faults = kept

    def add(self, fields: Fields, now: str) -> Fault:
        """Set a fault from a control request. :raises Problem: it says something that no service knows"""
        service = self._services[fields.choice("service", self._services, "gateway")]
        operation, name = self._choose(service, fields)
        is_endless = fields.flag("forever")
        times = fields.count_or_none("times", least=1) or 1
        fault = Fault(
            id=self._last_id + 1,
            service=service.name,
            operation=operation,
            kind=name,
            times=None if is_endless else times,
            skip=fields.count_or_none("skip") or 0,
            session=fields.text_or_none("session"),
            group=fields.text_or_none("group"),
            params=read_params(self.kinds_of(service)[name], Fields(fields.mapping("params"), "params")),
            created_at=now,
        )
        fields.done()
        self._last_id = fault.id
        self._faults.append(fault)
        return fault

    def take(self, call: Call) -> Fault | None:
        """The fault that this request meets, counted; None when it meets none."""
        for fault in self._faults:
            if not self._fits(fault, call):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            self._faults = [other for other in self._faults if other.times != 0]
            return fault
        return None

    def kind(self, fault: Fault) -> Kind:
        """What a fault does."""
        return self.kinds_of(self._services[fault.service])[fault.kind]

    def kinds_of(self, service: Service) -> Mapping[str, Kind]:
        """The kinds that a service can have: the common ones and its own."""
        return {**COMMON, **service.kinds}

    def catalogue(self) -> Json:
        """Everything that can be set, for people and for the control page."""
        return {
            service.name: {
                "operations": list(service.operations),
                "kinds": {name: describe(kind) for name, kind in self.kinds_of(service).items()},
            }
            for service in self._services.values()
        }

    def _choose(self, service: Service, fields: Fields) -> tuple[str, str]:
        """An operation and a kind that fit each other."""
        operation = fields.choice("operation", [*service.operations, ANY], ANY)
        name = fields.choice("kind", self.kinds_of(service))
        fitting = self.kinds_of(service)[name].operations
        if fitting and operation != ANY and operation not in fitting:
            raise bad_input(f"{name} fits only: {', '.join(sorted(fitting))}")
        return operation, name

    def _fits(self, fault: Fault, call: Call) -> bool:
        operations = self.kind(fault).operations
        return (
            fault.service == call.service
            and fault.operation in (ANY, call.operation)
            and (operations is None or call.operation in operations)
            and fault.session in (None, call.session)
            and fault.group in (None, call.group)
        )


def _accepted(kind: Kind) -> Mapping[str, Param]:
    return {**kind.params, **({"after_commit": AFTER_COMMIT} if kind.replaces else {})}


def read_params(kind: Kind, fields: Fields) -> Params:
    """The parameters of a kind from a control request, with its defaults. :raises Problem: it has no such parameter"""
    values = {name: _read_param(name, param, fields) for name, param in _accepted(kind).items()}
    try:
        fields.done()
    except Problem as problem:
        raise bad_input(f"{problem.detail}; known: {', '.join(_accepted(kind)) or 'none'}") from problem
    return values


def _read_param(name: str, param: Param, fields: Fields) -> Json:
    value: Json
    if param.type == "flag":
        value = fields.flag_or_none(name)
    elif param.type == "text":
        value = fields.text_or_none(name)
    elif param.type == "count":
        value = fields.count_or_none(name, int(param.least), int(param.most))
    else:
        value = fields.number_or_none(name, param.least, param.most)
    return param.default if value is None else value


def describe(kind: Kind) -> Json:
    """A kind with its parameters, for people and for the control page."""
    return {
        "summary": kind.summary,
        "params": {name: {"default": param.default, "type": param.type} for name, param in _accepted(kind).items()},
        "operations": sorted(kind.operations) if kind.operations else None,
    }
