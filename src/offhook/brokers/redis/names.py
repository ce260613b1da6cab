"""Our names in Redis: keys, and channels of Pub/Sub."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """All begin with *prefix*, so that several applications can share one Redis."""

    prefix: str

    def key(self, kind: str, channel: str = "") -> str:
        """A key; *channel* comes last, so that no name can be mistaken for another."""
        return f"{self.prefix}:{kind}:{channel}"

    @property
    def common(self) -> list[str]:
        """The keys that every script has first."""
        return [self.key("count"), self.key("generation")]

    def stream(self, channel: str) -> list[str]:
        """Metadata and publications of *channel*."""
        return [self.key("meta", channel), self.key("stream", channel)]

    @property
    def orders(self) -> list[str]:
        """Metadata and entries of the stream of orders to all processes."""
        return [self.key("orders-meta"), self.key("orders")]

    def presence(self, channel: str) -> list[str]:
        """Who is in *channel*, and until when."""
        return [self.key("members", channel), self.key("until", channel)]

    def once(self, channel: str, key: str) -> str:
        """Where the position of what was published under *key* is kept."""
        return self.key("once", f"{len(channel)}:{channel}:{key}")

    @property
    def marks(self) -> str:
        """The set of all marks, by deadline."""
        return self.key("marks")

    def announcements(self, channel: str) -> str:
        """The channel of Pub/Sub that announces *channel*."""
        return self.key("channel", channel)

    @property
    def control(self) -> str:
        """The channel of Pub/Sub that every process hears."""
        return f"{self.prefix}:control"

    def node(self, node: str) -> str:
        """The channel of Pub/Sub that one process hears."""
        return self.key("node", node)

    def service(self, generation: str) -> str:
        """The channel of Pub/Sub that one connection hears, to find out whether it hears anything."""
        return self.key("service", generation)
