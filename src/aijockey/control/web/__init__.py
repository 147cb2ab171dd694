"""The control process as a web server: one WebSocket for pages, tablets and programs, see docs/surface-protocol.md."""
