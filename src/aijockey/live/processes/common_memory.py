"""All shared memory of a performance, in one place, so that every process can be replaced while the others go on."""

from aijockey.live.processes import keeper
from aijockey.live.processes.audio_setup import JOURNAL_BYTES
from aijockey.live.processes.board import Board
from aijockey.live.processes.exchange import LoopExchange
from aijockey.live.processes.front import Front
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.processes.performance_plan import Plan
from aijockey.live.shared_ring import SharedRing
from aijockey.music.grid import RATE_HZ

RING_SAMPLES = 10 * RATE_HZ  # a writer may be away for this long and lose nothing


class CommonMemory:
    """Made and owned by the supervisor; its children attach.

    ring : the master, and each deck that is to be recorded. heard : what the device gets. cue, input : what headphones
    of their own and surfaces get, and what comes in; None where there is none. inboxes : of the engine, which looks
    into the first one first; ``commands`` is the supervisor's, the others are those of ``front``. journal : what the
    engine says was done.
    """

    def __init__(self, plan: Plan, front: Front) -> None:
        stems = len(plan.live_set.decks) if plan.record_decks else 0
        self.ring = SharedRing.create(2 + 2 * stems, RING_SAMPLES)
        self.heard = SharedRing.create(2, RING_SAMPLES)
        is_cued = plan.headphones is not None or front.serves
        self.cue = SharedRing.create(2, RING_SAMPLES) if is_cued else None
        self.input = SharedRing.create(2, RING_SAMPLES) if plan.live_input is not None else None
        self.board = Board()
        self.exchange = LoopExchange(plan.channels, plan.loop_samples)
        self.commands = Mailbox()
        self.inboxes = (front.urgent, self.commands, front.inbox)
        self.journal = Mailbox(JOURNAL_BYTES)
        self.writer_inbox = Mailbox(keeper.INBOX_BYTES)

    @property
    def playing(self) -> bool:
        """Whether the set runs. Thread: any"""
        return bool(self.board["go"])

    def close(self) -> None:
        """Give all of it back. Thread: control"""
        for ring in (self.ring, self.heard, self.cue, self.input):
            if ring is not None:
                ring.close()
        for mailbox in (self.journal, self.writer_inbox, self.commands):
            mailbox.close()
        self.board.close()
        self.exchange.close()
