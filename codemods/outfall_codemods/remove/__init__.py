"""Delete the old way of completed flags, and what it alone kept alive."""

from __future__ import annotations

from .removal import RemovalPlan, plan_removal

__all__ = ["RemovalPlan", "plan_removal"]
