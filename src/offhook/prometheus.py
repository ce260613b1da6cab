"""The engine's numbers in Prometheus' text format, read when they are asked for."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from offhook.realtime.engine import Engine

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition(engine: Engine) -> bytes:
    """All metrics of *engine*, as text."""
    registry = CollectorRegistry()
    registry.register(EngineCollector(engine))
    return generate_latest(registry)


class EngineCollector(Collector):
    """Collects the metrics of one engine, for a registry of the application's own.

    No label names a channel or a user: their number has no bound, and who talks where is nobody's business here.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told now."""
        engine, counted = self._engine, self._engine.metrics
        sessions = list(engine.sessions)
        yield _gauge("connections", "Connections that are open.", len(sessions))
        yield _gauge("channels", "Channels that this process hears.", len(engine.hub))
        yield _gauge("subscriptions", "Subscriptions that receive.", len(engine.hub.subscriptions()))
        yield _gauge(
            "queue_bytes", "Bytes that wait for slow connections.", sum(each.waiting for each in sessions)
        )
        yield _gauge("broker_ready", "Whether the broker can be used, 1 or 0.", int(engine.broker.ready))
        yield _gauge("broker_lag_seconds", "How long a word takes through the broker.", engine.control.lag)
        yield _counter("connections_opened", "Connections that were opened.", counted.connections)
        yield _counter("publications", "Publications that the broker announced here.", counted.publications)
        yield _counter("deliveries", "Publications put on their way, for each subscriber.", counted.deliveries)
        yield _counter("delivered_bytes", "Bytes of the deliveries.", counted.delivered_bytes)
        yield _counter("position_doubts", "Channels of which an announcement may be missing.", counted.doubts)
        yield _by("recoveries", "Returns to a channel.", "result", _recoveries(engine))
        yield _by("disconnects", "Connections that ended.", "code", counted.disconnects)
        yield _by("command_errors", "Commands that failed.", "code", counted.errors)


def _recoveries(engine: Engine) -> Mapping[str, int]:
    return {"recovered": engine.metrics.recovered, "lost": engine.metrics.lost}


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"offhook_{name}", text, value=value)


def _counter(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(f"offhook_{name}", text, value=value)


def _by(name: str, text: str, label: str, values: Mapping[str, int] | Mapping[int, int]) -> Metric:
    family = CounterMetricFamily(f"offhook_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family
