"""The servers that are measured, one file each: ``python FILE PORT``.

Each has the same addresses, as far as its package has sockets of its own: what arrives at ``/pub`` is published to
all sockets of ``/sub``, ``/echo`` sends back, and ``GET /plain`` is answered with ``ok``. Each is set up as its
documentation says it is fastest, with uvloop where it can, and without compression.
"""
