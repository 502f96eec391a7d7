"""The infrastructure the library's application asks for: our recorder, and nothing else of its own."""

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.utils import Environment

from adapters.ledger.recorder import LedgerRecorder


class LedgerFactory(InfrastructureFactory):
    """Hands out the one recorder; read models and snapshots are not the library's here (ADR 0004)."""

    def __init__(self, env: Environment, recorder: LedgerRecorder) -> None:
        """Hand out *recorder*."""
        super().__init__(env)
        self._recorder = recorder

    def application_recorder(self) -> ApplicationRecorder:
        """Return the ledger's recorder."""
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return the ledger's recorder; there are no snapshots beside it."""
        if purpose != "events":
            raise InfrastructureFactoryError(f"a ledger keeps no {purpose}, only events")
        return self._recorder

    def tracking_recorder(
        self,
        tracking_recorder_class: type[TrackingRecorder] | None = None,  # noqa: ARG002 - the library's signature
    ) -> TrackingRecorder:
        """Refuse: read models follow in the append's own transaction."""
        raise InfrastructureFactoryError("read models keep their own position")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: see `tracking_recorder`."""
        raise InfrastructureFactoryError("read models keep their own position")
