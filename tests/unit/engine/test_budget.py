"""How many connections a page has."""

from torrentide.engine.budget import MAX_LINKS, MAX_LINKS_FOR_OFFERS, LinkBudget


def test_what_is_taken_is_gone_until_it_is_given_back() -> None:
    budget = LinkBudget(2, 1)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    assert budget.used == 2
    budget.give_back()
    assert budget.take()


def test_offers_have_a_smaller_share() -> None:
    budget = LinkBudget(3, 2)
    assert budget.offers == 2
    for left in (1, 0, 0):
        assert budget.take()
        assert budget.offers == left


def test_a_page_stays_below_what_chromium_allows() -> None:
    assert MAX_LINKS_FOR_OFFERS < MAX_LINKS < 500
