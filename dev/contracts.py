"""An import contract for rooms of the house that may not have been built yet."""

from grimp import ImportGraph
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.contract import ContractCheck
from importlinter.domain.imports import ModuleExpression


class ForbiddenWhereThere(ForbiddenContract):
    """As ``forbidden``, but a module of ours that does not exist yet breaks nothing: the day it appears, it is checked."""

    type_name = "forbidden_where_there"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the modules that exist."""

        def there(expression: ModuleExpression) -> bool:
            name = expression.expression
            return expression.has_wildcard_expression() or not name.startswith("crewless.") or name in graph.modules

        self.source_modules = set(filter(there, self.source_modules))
        self.forbidden_modules = set(filter(there, self.forbidden_modules))
        if not (self.source_modules and self.forbidden_modules):
            return ContractCheck(kept=True)
        return super().check(graph, verbose)
