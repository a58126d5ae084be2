"""`migrate --probe`: a pytest file that states who shares each state with whom.

Green tests of a project are weak proof: most suites stay green when a thread-local stops isolating.
The file passes before the migration, in every mode of it, and after `remove-legacy`; what only the new
way brings is an expected failure as long as the old way answers.
"""

from __future__ import annotations

from .probing import ProbePlan, default_path, plan_probe

__all__ = ["ProbePlan", "default_path", "plan_probe"]
