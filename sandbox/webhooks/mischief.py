"""Misbehaviour on demand: rules that lose, double, delay, reorder and spoil deliveries, the same way at each run."""

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.faults import describe, read_params
from sandbox.fields import Fields
from sandbox.problems import Json, not_there
from sandbox.stage import Kind, Param, Params
from sandbox.webhooks.deliveries import Delivery, Log

KINDS: Mapping[str, Kind] = {
    "lose": Kind("It is never sent."),
    "duplicate": Kind("It is sent `copies` times in all.", {"copies": Param(2, "count", 2, 1_000)}),
    "delay": Kind("It is sent `seconds` later; others overtake it.", {"seconds": Param(2, "number", 0, 1e6)}),
    "reorder": Kind(
        "It is kept until `window` of them have gathered; then they go in another order.",
        {"window": Param(5, "count", 2, 10_000)},
    ),
    "forge": Kind("It is signed with a wrong secret."),
    "leak": Kind("Its body tells the gateway's secrets."),
}


@dataclass
class Rule:
    """
    One rule. It meets `share` of the deliveries that fit, by chance from `seed`, and ends after `times` of them (None:
    never). `event`, `session` and `group` limit it when they are given.
    """

    id: int
    kind: str
    times: int | None
    share: float
    seed: int
    event: str | None
    session: str | None
    group: str | None
    params: Params
    created_at: str


@dataclass
class Scene:
    """What rules work with: where copies are noted, and the secrets that leak."""

    log: Log
    secrets: Mapping[str, str] = field(default_factory=dict)


class Mischief:
    """A rule at work, with its dice and with what it has gathered."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.gathered: list[Delivery] = []
        self._dice = random.Random(f"{rule.seed}:{rule.kind}")

    def act(self, delivery: Delivery, scene: Scene) -> list[Delivery]:
        """What goes on in place of a delivery."""
        return _ACTS[self.rule.kind](self, delivery, scene) if self._meets(delivery) else [delivery]

    def let_go(self) -> list[Delivery]:
        """What was gathered, shuffled."""
        gone, self.gathered = self.gathered, []
        self._dice.shuffle(gone)
        return gone

    def _meets(self, delivery: Delivery) -> bool:
        rule = self.rule
        wanted = ((rule.event, delivery.event), (rule.session, delivery.session), (rule.group, delivery.group))
        fits = all(limit in (None, value) for limit, value in wanted)
        if rule.times == 0 or not fits or self._dice.random() >= rule.share:
            return False
        if rule.times is not None:
            rule.times -= 1
        return True


class Board:
    """All rules, oldest first. A delivery passes through every one; what comes out of one meets the next."""

    def __init__(self) -> None:
        self._mischiefs: list[Mischief] = []
        self._last_id = 0

    def add(self, fields: Fields, now: str) -> Rule:
        """Set a rule from a control request. :raises Problem: it makes no sense"""
        kind = fields.choice("kind", KINDS)
        is_endless, times = fields.flag("forever"), fields.count_or_none("times", least=1) or 1
        share = fields.number_or_none("share", 0, 1)
        rule = Rule(
            id=self._last_id + 1,
            kind=kind,
            times=None if is_endless else times,
            share=1 if share is None else share,
            seed=fields.count_or_none("seed", most=2**31) or 0,
            event=fields.text_or_none("event"),
            session=fields.text_or_none("session"),
            group=fields.text_or_none("group"),
            params=read_params(KINDS[kind], Fields(fields.mapping("params"), "params")),
            created_at=now,
        )
        fields.done()
        self._last_id = rule.id
        self._mischiefs.append(Mischief(rule))
        return rule

    def list(self) -> list[Rule]:
        """What is set now."""
        return [mischief.rule for mischief in self._mischiefs]

    def clear(self, scene: Scene, rule_id: int | None = None) -> Iterable[Delivery]:
        """Remove one rule, or all; returns what they had gathered. :raises Problem: there is none with this id"""
        gone = [one for one in self._mischiefs if rule_id in (None, one.rule.id)]
        if rule_id is not None and not gone:
            raise not_there("unknown_rule", f"there is no rule {rule_id}")
        freed = self.let_go(scene, gone)
        self._mischiefs = [one for one in self._mischiefs if one not in gone]
        return freed

    def pass_on(self, deliveries: Iterable[Delivery], scene: Scene) -> Iterable[Delivery]:
        """What the rules make of some deliveries."""
        passed = _through(self._mischiefs, deliveries, scene)
        self._mischiefs = [one for one in self._mischiefs if one.rule.times != 0]
        return passed

    def let_go(self, scene: Scene, mischiefs: Iterable[Mischief] | None = None) -> Iterable[Delivery]:
        """What these rules (None: all) have gathered, though it is too little; the rules behind them still act."""
        freed: list[Delivery] = []
        for number, one in enumerate(self._mischiefs):
            if mischiefs is None or one in mischiefs:
                freed += _through(self._mischiefs[number + 1 :], one.let_go(), scene)
        return freed

    @property
    def gathered(self) -> int:
        """How many deliveries wait for others."""
        return sum(len(one.gathered) for one in self._mischiefs)


def catalogue() -> Json:
    """Everything that can be set, for people and for the control page."""
    return {name: describe(kind) for name, kind in KINDS.items()}


def _through(mischiefs: Iterable[Mischief], deliveries: Iterable[Delivery], scene: Scene) -> list[Delivery]:
    passed = list(deliveries)
    for one in mischiefs:
        passed = [made for delivery in passed for made in one.act(delivery, scene)]
    return passed


def _lose(mischief: Mischief, delivery: Delivery, scene: Scene) -> list[Delivery]:
    delivery.state = "lost"
    return []


def _duplicate(mischief: Mischief, delivery: Delivery, scene: Scene) -> list[Delivery]:
    return [delivery, *(scene.log.copy(delivery) for _ in range(mischief.rule.params["copies"] - 1))]


def _delay(mischief: Mischief, delivery: Delivery, scene: Scene) -> list[Delivery]:
    delivery.due = time.monotonic() + mischief.rule.params["seconds"]
    return [delivery]


def _reorder(mischief: Mischief, delivery: Delivery, scene: Scene) -> list[Delivery]:
    mischief.gathered.append(delivery)
    is_full = len(mischief.gathered) == mischief.rule.params["window"]
    return mischief.let_go() if is_full or mischief.rule.times == 0 else []


def _forge(mischief: Mischief, delivery: Delivery, scene: Scene) -> list[Delivery]:
    delivery.is_forged = True
    return [delivery]


def _leak(mischief: Mischief, delivery: Delivery, scene: Scene) -> list[Delivery]:
    secret, api_key = scene.secrets["secret"], scene.secrets["apiKey"]
    told = {"apiKey": api_key, "webhook": {"secret": secret}, "note": f"authorized with {secret}"}
    delivery.body = json.dumps({**json.loads(delivery.body), **told}).encode()
    return [delivery]


_ACTS: Mapping[str, Callable[[Mischief, Delivery, Scene], list[Delivery]]] = {
    "lose": _lose,
    "duplicate": _duplicate,
    "delay": _delay,
    "reorder": _reorder,
    "forge": _forge,
    "leak": _leak,
}
