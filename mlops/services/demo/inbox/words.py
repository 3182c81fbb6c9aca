"""What people write to the demo's studio, what it answers, and what it has written beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: Answers written beforehand; the last one waits for an approver.
TEMPLATES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Opening hours",
        "intents": ["question"],
        "body": "Hello {{ first_name }},\n\nthe studios are open Monday to Friday from 6 to "
        "22 and on weekends from 8 to 20. Coaches are always there.\n\nSee you soon,\nPTD Fitness",
        "requires_approval": False,
    },
    {
        "name": "Where the studios are and where to park",
        "intents": ["question"],
        "body": "Hello {{ first_name }},\n\nMidtown is at 14 W 23rd Street, Brooklyn at 60 Bridge "
        "Street. You can park for two hours in the garage next door; show your card at the "
        "desk.\n\nPTD Fitness",
        "requires_approval": False,
    },
    {
        "name": "How the free assessment goes",
        "intents": ["question", "purchase"],
        "body": "Hello {{ first_name }},\n\nthe assessment takes 45 minutes: we talk about "
        "your goal, measure where you stand, and you try one exercise of each kind. Bring "
        "shoes and water.\n\nPTD Fitness",
    },
    {
        "name": "Start a membership",
        "intents": ["purchase"],
        "body": "Hello {{ first_name }},\n\nhow good that you want to start! Choose your "
        "studio and your first day at https://ptd.example/start; a coach calls you that day.\n\n"
        "PTD Fitness",
    },
    {
        "name": "It is too expensive",
        "category": "objection_handling",
        "intents": ["objection"],
        "body": "Hello {{ first_name }},\n\nI understand. Many begin with one hour in two "
        "weeks and the plan for at home; that is less than half. Shall I show you what that "
        "would look like for you?\n\nPTD Fitness",
    },
    {
        "name": "Sorry, and what happens now",
        "category": "follow_up",
        "intents": ["complaint"],
        "body": "Hello {{ first_name }},\n\nI am sorry that this happened. I looked into it myself "
        "and will write to you today what we do about it.\n\nPTD Fitness",
    },
    {
        "name": "Thank you for the kind words",
        "category": "follow_up",
        "intents": ["compliment"],
        "body": "Hello {{ first_name }},\n\nthank you, that made our day! I will pass it on "
        "to your coach.\n\nPTD Fitness",
        "requires_approval": False,
    },
    {
        "name": "Freeze a membership",
        "intents": ["question"],
        "body": "Hello {{ first_name }},\n\nyou can freeze your membership for up to three "
        "months a year. Tell us from which day.\n\nPTD Fitness",
    },
)  # fmt: skip

#: Channel, subject, what somebody asks, what is answered: the two weeks that are over.
ROUTINE: Final = (
    ("email", "Opening hours on Sunday", "Hello, what are your opening hours on Sunday?",
     "Hello,\n\nwe are there from 8 to 20 on Sundays. See you!"),
    ("email", "Parking", "Is there parking near the Brooklyn studio?",
     "Yes, two hours in the garage next door; show your card at the desk."),
    ("sms", "", "Can I move my session from Tuesday to Thursday?",
     "Done: Thursday, same time. See you!"),
    ("email", "Assessment", "What happens at the free assessment and how long does it take?",
     "It takes 45 minutes: talk, measure, try. Bring shoes and water."),
    ("instagram", "", "Do you have evening classes?", "Yes, the last one begins at 20:30."),
    ("email", "Joining", "I would like to join in December. Which plan do you recommend for "
     "twice a week?", "For that Plus is the best one. You can start at https://ptd.example/start."),
    ("sms", "", "Running 10 minutes late, sorry!", "No problem, your coach waits."),
    ("email", "Invoice", "My invoice for October has the wrong name on it, please correct it.",
     "Corrected; the new one is attached to your account."),
    ("facebook", "", "Is the sauna included?", "Yes, in every plan."),
    ("email", "Great coach", "I just want to say how happy I am with Dana. Best coach I ever had!",
     "Thank you, I told her. That made her day!"),
    ("email", "Freezing", "I will be away for two months. Can I freeze my membership?",
     "Of course. From which day?"),
    ("email", "Too expensive", "I like it but 89 a month is too much for me right now.",
     "I understand. Many begin with one hour in two weeks, at less than half."),
)  # fmt: skip


@dataclass(frozen=True)
class Begun:
    """A conversation of today and yesterday.

    ``hours`` ago it began; ``says`` are their words, ``answer`` ours between the first and the
    second of them; ``left`` is how people leave it.
    """

    hours: float
    channel: str
    subject: str
    says: tuple[str, ...]
    answer: str = ""
    left: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


#: What waits for whoever opens the inbox, and what was done with it so far.
TODAY: Final = (
    Begun(30, "email", "Charged twice in November",
          ("You charged my card twice in November, 89 dollars each. This is unacceptable, I "
           "want my money back today or I cancel everything.",),
          note="The bank shows two bookings. @amir can you refund one?", tags=("billing",)),
    Begun(7, "email", "Which plan for a bad knee?",
          ("Can I train with you after a knee surgery, and which plan do you recommend?",),
          left="mine"),
    Begun(4, "email", "Membership for our team of 12",
          ("We are a team of 12 in Midtown and want to buy memberships for all of us before "
           "the end of the month. Who can send us an offer?",), tags=("company",), left="mine"),
    Begun(3, "email", "Opening hours at Thanksgiving",
          ("What are your opening hours next week?",)),
    Begun(2.5, "sms", "", ("Where can I park in Midtown?",)),
    Begun(2.2, "email", "Assessment on Saturday",
          ("How does the free assessment go and how long does it take?",)),
    Begun(2, "email", "Opening hours", ("Hi! When are you open on the weekend?",)),
    Begun(1.7, "instagram", "", ("Do you coach teenagers?",)),
    Begun(1.4, "email", "Starting",
          ("I would like to sign up for the Plus plan. How do I start?",)),
    Begun(1.2, "email", "Thank you",
          ("The new morning class is wonderful, thank you so much!",)),
    Begun(1, "email", "Too expensive for me",
          ("A nice studio, but honestly too expensive compared to the gym next door.",)),
    Begun(0.9, "email", "Win a prize!!!",
          ("Congratulations! You won a $1000 gift card. Click here to claim your prize now: "
           "http://claim.example/win",)),
    Begun(0.7, "email", "Please take me off your list",
          ("Please unsubscribe me from all your e-mails.",)),
    Begun(0.4, "sms", "", ("Is the pool open today?",)),
    Begun(0.2, "email", "Locked out of the app",
          ("I cannot log in to the app any more since this morning and my session is at 5. Please "
           "help, it is urgent!",), tags=("app",)),
    Begun(26, "email", "Changing the coach",
          ("Could I change my coach? It does not really click.",),
          answer="Of course. Which days suit you? Then I can say who has time.", left="waiting"),
    Begun(27, "email", "Corporate discount",
          ("Do you have a discount for employees of the city?",),
          left="snoozed", note="Waits for the new price list on Monday."),
    Begun(22, "email", "Session on Friday", ("Can I bring a friend on Friday?",
          "Great, her name is Noor. Does she need to sign something?"),
          answer="Yes, gladly. What is her name?", left="mine"),
)  # fmt: skip
