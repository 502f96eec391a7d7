"""Policy sets, rules and their cases: data beside its tests, importing nothing of ours."""
