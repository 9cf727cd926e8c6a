"""YAML that is read as a person meant it: a key that is defined twice is a fault, and so is a number that YAML 1.1 takes for
another."""

import re
from typing import Any

from crewless.core.errors import BadInput

_DECEPTIVE = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
"""``010``, which YAML 1.1 reads as 8, and ``1:30``, which it reads as 90."""


def read_yaml(content: str, what: str) -> dict[str, Any]:
    """A mapping. Raises BadInput: one line that says where."""
    import yaml

    class Loader(yaml.SafeLoader):
        """As safe, and stricter."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: dict[Any, Any] = {}
            for key, _ in node.value if isinstance(node, yaml.MappingNode) else []:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in seen:
                        first, again = seen[key.value].start_mark.line + 1, key.start_mark.line + 1
                        lines = f"line {first}" if first == again else f"lines {first} and {again}"
                        raise BadInput(f"{what}: the key {key.value!r} is defined twice, {lines}")
                    seen[key.value] = key
            return super().construct_mapping(node, deep)

        def construct_number(self, node: Any) -> Any:
            if _DECEPTIVE.fullmatch(node.value):
                raise BadInput(
                    f"{what}: line {node.start_mark.line + 1}: {node.value!r} is not what it seems: YAML reads "
                    f"{yaml.SafeLoader('').construct_yaml_int(node) if '.' not in node.value else 'a time'}",
                    alternatives=["a plain decimal number", "text in quotes"],
                )
            if node.tag.endswith(":int"):
                return self.construct_yaml_int(node)
            return self.construct_yaml_float(node)

    for kind in ("int", "float"):
        Loader.add_constructor(f"tag:yaml.org,2002:{kind}", Loader.construct_number)
    try:
        value = yaml.load(content, Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(f"{what} is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise BadInput(f"{what} is not YAML: it is nested too deeply") from None
    if not isinstance(value, dict):
        raise BadInput(f"{what} is not a mapping of names to values")
    return value
