"""What software was not sure of: words it left out of a reply, and a small step it took from one."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.looking import axe, shot, sideways
from tests.e2e.people import FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService

VERSE = "the kettle sings low\nrain walks along the gutter\nnobody needs me"
STEP = "After I lock the front door, I will stand still for a breath."


def look_at(page: Page, name: str) -> None:
    """Take pictures of a page, and check that it fits a phone and breaks no rule."""
    shot(page, name, widths=(320, 390, 1280))
    assert axe(page) == []
    assert sideways(page) == 0


def test_words_that_were_left_out_are_shown_by_email_and_kept_by_one_press(stack: RunningService, page: Page) -> None:
    cy = Person("cy@example.com", page, stack)
    cy.join()
    cy.open_mail(FIRST_QUESTION)
    cy.reply(f"-- \n{VERSE}", client="A plain phone")
    cy.wait_for_mails(3)
    mail = cy.open_mail("Re: ")
    assert "We couldn’t find your words" in mail["text"]
    expect(cy.page.frame_locator("iframe").locator("body")).to_contain_text("rain walks along the gutter")
    shot(cy.page, "left-out-email", widths=(320, 1280))

    opened = cy.follow("Keep it")
    expect(opened.get_by_role("heading", level=1)).to_have_text("Is this yours?")
    expect(opened.get_by_role("main")).to_contain_text("rain walks along the gutter")
    look_at(opened, "left-out-asked")
    opened.get_by_role("button", name="Leave it out").click()
    expect(opened.get_by_role("heading", level=1)).to_have_text("We’ll leave it out")
    look_at(opened, "left-out-left")
    opened.get_by_role("button", name="Keep it").click()
    cy.find_in_journal("rain walks along the gutter")
    opened.reload()
    expect(opened.get_by_role("heading", level=1)).to_have_text("It’s in your journal")
    look_at(opened, "left-out-kept")


def test_a_page_says_which_step_it_took_and_one_press_takes_it_back(stack: RunningService, page: Page) -> None:
    di = Person("di@example.com", page, stack)
    di.join()
    di.go("/write")
    page = di.page
    # The question of a step, as the page behind its email has it.
    page.evaluate(
        """() => {
            const field = document.createElement("input");
            field.type = "hidden"; field.name = "prompt"; field.value = "nearly-silly";
            document.querySelector("main form").append(field);
        }"""
    )
    page.get_by_role("textbox").fill(STEP)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="sounded like a small step")).to_be_visible()
    look_at(page, "step-told")
    page.get_by_role("button", name="That wasn’t a step").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It’s not a small step")
    look_at(page, "step-taken-back")
    page.get_by_role("button", name="It was a step after all").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wasn’t that a step?")
    look_at(page, "step-there-again")
    page.get_by_role("button", name="That wasn’t a step").click()
    di.go("/steps")
    expect(page.get_by_role("main")).not_to_contain_text(STEP)
    di.find_in_journal("stand still for a breath")
