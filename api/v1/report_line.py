"""What every report says: when it happened, and by whose name for it a retry is known."""

from api.fields import Input, Instant
from api.v1.values import Environment, Reporter, ReportId, Service
from domain.target import Target


class ReportLine(Input):
    """What every report has in common."""

    occurred_at: Instant
    id: ReportId | None = None
    reporter: Reporter | None = None


class TargetLine(ReportLine):
    """A report about one service in one environment."""

    service: Service
    environment: Environment

    @property
    def target(self) -> Target:
        """The target reported about."""
        return Target(self.service, self.environment)
