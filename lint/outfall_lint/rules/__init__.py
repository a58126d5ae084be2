"""The rules: one file each, discovered by `outfall_lint.rule.all_rules`."""
