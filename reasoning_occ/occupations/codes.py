"""A taxonomy told by its codes, for models that shall know an occupation by its place and not by its words."""

from dataclasses import replace

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy


def coded(taxonomy: Taxonomy) -> Taxonomy:
    """The same occupations in the same order, with codes for titles.

    The true titles become aliases: nobody is shown them, but a reason that gives its target away by title is found out.

    Raises:
        UserError: the codes are the titles already, so nothing would change.
    """
    if all(o.code == o.title for o in taxonomy):
        raise UserError(
            f"view.titles=codes: the occupations of the {taxonomy.name} taxonomy have no codes besides their titles; "
            "choose data with codes (data.taxonomy=onet or nls), or view.titles=text."
        )
    occupations = [replace(o, title=o.code, aliases=(o.title, *o.aliases)) for o in taxonomy]
    related = {code: taxonomy.listed(code) for code in taxonomy.codes}
    return Taxonomy(taxonomy.name, occupations, related, taxonomy.note, taxonomy.outside)
