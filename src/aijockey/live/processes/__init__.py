"""The processes of a performance: audio, device, inference workers, writer, control, and who watches them.

They share nothing but memory that the supervisor owns, so each can be killed and started again while the others
go on: `board` (heartbeats, counters, the state that everybody may read), `mailbox` (messages), `exchange` (loops),
and the ring of sound (`aijockey.live.shared_ring`). No clock but the monotonic one is ever asked.
"""
