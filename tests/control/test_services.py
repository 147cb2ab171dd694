"""Services: one that breaks is started again and harms no other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.control.conftest import FakeLink

from aijockey.control import services
from aijockey.control.desk import Desk, Instrument
from aijockey.control.services import Services
from aijockey.errors import AijockeyError


@dataclass
class Config:
    name: str
    work: Callable[[], Any]

    def build(self, desk: Desk) -> "Config":
        return self

    async def run(self) -> None:
        await self.work()

    def status(self) -> dict[str, Any]:
        return {"well": True}


def test_a_service_that_fails_runs_again_beside_one_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BACKOFF_S", (0.0,))
    starts: list[str] = []

    async def fail_twice() -> None:
        starts.append("midi")
        if len(starts) < 3:
            raise AijockeyError("the controller was unplugged")
        await asyncio.sleep(3600)

    async def last() -> None:
        await asyncio.sleep(3600)

    async def watch() -> Services:
        desk = Desk(Instrument("test", 1, ()), FakeLink())
        running = Services(desk, [Config("midi", fail_twice), Config("page", last)])
        task = asyncio.create_task(running.run())
        while len(starts) < 3:
            await asyncio.sleep(0)
        assert running.status() == {"midi": {"well": True}, "page": {"well": True}}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return running

    running = asyncio.run(watch())
    assert list(running.notes) == ["midi: the controller was unplugged"]
