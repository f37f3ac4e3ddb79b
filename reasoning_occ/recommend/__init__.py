"""Use a finished run on people: what comes next for a career, why, and how sure.

from reasoning_occ.recommend import Recommender
recommender = Recommender.load("runs/joint-nls-0123456789")
print(recommender.recommend(career, k=10).ranked[0].title)
"""

from reasoning_occ.recommend.recommender import Recommender
from reasoning_occ.recommend.results import Choice, Claim, Line, Ranked, Recommended

__all__ = ["Choice", "Claim", "Line", "Ranked", "Recommended", "Recommender"]
