"""Words and phrases by which people end, resume or ask about messages.

Words are written as `opt_out.plain` leaves them: lower case, without accents and spaces.
Sources: FCC 47 CFR 64.1200(a)(10) (stop, quit, end, revoke, opt out, cancel, unsubscribe),
Twilio's default words, and what people write in other languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["channel", "all"]

# English (the FCC's, Twilio's and their common shapes); German, French, Spanish, Portuguese,
# Italian, Dutch; Swedish, Danish, Norwegian, Finnish, Polish, Czech, Hungarian, Romanian, Turkish;
# Russian, Ukrainian, Greek, Arabic, Hebrew, Hindi, Indonesian, Vietnamese, Thai; Japanese,
# Chinese, Korean.
_STOP = """
    stop quit end revoke optout cancel unsubscribe stopall unsub unsubscribed unsubscribeme
    removeme remove stopp stpo sotp stopit stopthis optmeout endall quitall cancelall
    abmelden abbestellen austragen ende beenden arret arreter arretez desabonner desinscrire
    desinscription desabonnement alto baja parar pare detener cancelar sair descadastrar
    ferma fermare annulla cancellami disiscrivi disiscrivimi stoppen afmelden uitschrijven
    avsluta avregistrera afmeld avmeld avslutt lopeta peruuta wypisz rezygnuje odhlasit
    leiratkozas leiratkozom dezabonare iptal
    стоп отписаться отписка отпишите отмена відписатися відписка στοπ διακοπη διαγραφη
    توقف ايقاف الغاء הסר הסרה עצור रोकें berhenti ngung huy ยกเลิก หยุด
    停止 配信停止 解除 退订 退訂 取消订阅 取消訂閱 수신거부 중지
"""
STOP_WORDS: Final = frozenset(_STOP.split())
STOP_ALL_WORDS: Final = frozenset(["stopall", "endall", "quitall", "cancelall"])
# YES is an answer to anything, so it brings nobody back by itself.
START_WORDS: Final = frozenset(
    [
        "start",
        "unstop",
        "startall",
        "optin",
        "optbackin",
        "resubscribe",
        "subscribe",
        "reactivate",
        "старт",
        "开始",
        "再開",
    ]
)
HELP_WORDS: Final = frozenset(
    [
        "help",
        "info",
        "hilfe",
        "aide",
        "ayuda",
        "ajuda",
        "aiuto",
        "hulp",
        "hjalp",
        "pomoc",
        "помощь",
        "справка",
        "ヘルプ",
        "帮助",
        "幫助",
        "도움말",
    ]
)

# Dropped from both ends of a message before the words are looked for.
POLITE: Final = frozenset(
    [
        "please",
        "pls",
        "plz",
        "plse",
        "thanks",
        "thank",
        "you",
        "thx",
        "ty",
        "kindly",
        "now",
        "immediately",
        "ok",
        "okay",
        "hi",
        "hello",
        "hey",
        "sorry",
        "no",
        "just",
        "at",
        "once",
        "right",
        "away",
        "bitte",
        "danke",
        "merci",
        "svp",
        "gracias",
        "por",
        "favor",
        "obrigado",
        "grazie",
        "asap",
        "immediatly",
        "everyone",
        "team",
        "guys",
        "sir",
        "madam",
    ]
)

_VERB = (
    r"(?:send|text|messag|contact|call|e ?mail|mail|writ|spamm?|bother|bugg?|harass|annoy|ping"
    r"|dm|msg|sms|whats ?app|notify|notifi|pester|hound)"
)
_THINGS = (
    r"(?:texts?|text messages?|messages?|msgs?|e ?mails?|mails?|sms|spam|newsletters?|marketing"
    r"|promo(?:tion)?s?|promotional \w+|notifications?|alerts?|updates?|ads|offers|adverts?"
    r"|advertising|advertisements?|dms|communications?|correspondence|mailings?|calls|junk|crap)"
)
_FILLER = r"(?:(?:any|all|more|me|us|the|this|these|those|that|your|you|of|so|many|such|damn|stupid"
_FILLER += r"|further|future|marketing|promotional|text|whatsapp|daily|weekly|unwanted|to|with) )*"
_LIST = (
    r"(?:list|lists|mailing list|database|distribution|mailing|records?|system|newsletter|contacts?"
    r"|texts?|messages?|e ?mails?|group|campaign|thing)"
)
_PERSON = r"(?:me|us|my|our|this number|this phone|this address|this email|here)"
_END = (
    r"(?: (?:please|pls|plz|thanks|thank you|now|immediately|asap|anymore|any more|again|at all"
    r"|ever))*$"
)


@dataclass(frozen=True)
class Phrase:
    """A way to say it.

    Attributes
    ----------
    pattern : looked for in `opt_out.plain` text
    confidence : that who writes this wants no more messages, in (0, 1]
    scope : 'all' where the words mean every channel
    """

    pattern: re.Pattern[str]
    confidence: float
    scope: Scope = "channel"


def _phrase(pattern: str, confidence: float, scope: Scope = "channel") -> Phrase:
    return Phrase(re.compile(pattern), confidence, scope)


PHRASES: Final = (
    # stop …
    _phrase(r"\b(?:stop|quit|cease) (?:all |any )?(?:contact|communications?)\b", 0.97, "all"),
    _phrase(rf"\b(?:stop|quit|cease) {_VERB}ing {_FILLER}{_PERSON}\b", 0.98),
    _phrase(rf"\b(?:stop|quit|cease) {_VERB}ing {_FILLER}{_THINGS}\b", 0.97),
    _phrase(rf"\b(?:stop|quit|cease) {_VERB}ing{_END}", 0.95),
    _phrase(
        rf"\b(?:stop|cease|quit) {_FILLER}{_THINGS}\b(?! (?:from|of) (?:my|the|him|her))",
        0.95,
    ),
    _phrase(rf"\bmake (?:it|them|this|these|the {_THINGS}) stop{_END}", 0.85),
    _phrase(
        r"\b(?:already|just|have|has|ive|i) (?:replied|said|texted|sent|wrote|typed) stop\b",
        0.9,
    ),
    _phrase(r"^(?:stop|quit) (?:it|this|that)\b" + _END, 0.75),
    _phrase(
        r"^i (?:want|wanna|would like|wish|need) (?:this |it |you )?to (?:stop|quit)" + _END, 0.8
    ),
    # off the list
    _phrase(
        rf"\b(?:take|remove|delete|drop|get|strike|scratch|cut|pull|leave|keep) {_PERSON}"
        rf"(?: \w+)?(?: \w+)? (?:off|from|out)(?: of)? {_FILLER}{_LIST}\b",
        0.97,
    ),
    _phrase(rf"\b(?:take|get|remove) (?:me|us) off{_END}", 0.93),
    _phrase(r"\b(?:remove|delete|lose|erase|forget) (?:me|us)" + _END, 0.9),
    _phrase(
        r"\b(?:remove|delete|lose|erase|forget) (?:my|our|this) "
        r"(?:\w+ )?(?:number|e ?mail|address|name|contact|info|information|phone|details)\b"
        r"(?! (?:and (?:use|add|put|change)|from (?:the|my|this) order|for (?:the|my) order))",
        0.92,
        "all",
    ),
    _phrase(r"\bwant (?:off|out of) " + _FILLER + _LIST + r"\b", 0.95),
    # unsubscribe and opt out
    _phrase(
        r"\b(?:unsubscribe|unsub|deregister|unregister) (?:me|us|my|our|this|from|to|all"
        r"|immediately)\b",
        0.97,
    ),
    _phrase(
        r"\b(?:want|like|wish|need|trying|tried|how|way|asked|ask|going|love|can i|could i|let me)"
        r" (?:\w+ ){0,3}?(?:unsubscribe|unsub|opt out)\b",
        0.93,
    ),
    _phrase(r"\bplease (?:unsubscribe|unsub|opt out)\b", 0.93),
    _phrase(r"^(?:unsubscribe|unsub|opt out)\b(?! (?:rates?|links?|buttons?|pages?|works?))", 0.85),
    _phrase(r"\bopt (?:me|us) out\b", 0.97),
    _phrase(r"\b(?:unsubscribing|opting out) (?:from|to|of)\b", 0.9),
    _phrase(r"\b(?:cant|can not|cannot|couldnt|unable to) (?:unsubscribe|opt out)\b", 0.9),
    _phrase(
        r"\bcancel(?:l?ing)? (?:\w+ ){0,3}?subscription (?:to|of|for) (?:\w+ ){0,2}"
        r"(?:newsletter|e ?mails?|texts?|messages?|mailing list|sms)\b",
        0.9,
    ),
    _phrase(
        r"\bcancel(?:l?ing)? (?:\w+ ){0,3}?(?:newsletter|e ?mail|text|sms) subscription\b", 0.9
    ),
    _phrase(r"\b(?:i am|im|i|we) opt(?:ing)? out\b", 0.95),
    _phrase(
        rf"\bcancel (?:my )?{_FILLER}(?:text |sms |e ?mail |message |newsletter |mailing "
        rf"|marketing )+"
        r"(?:subscriptions?|list|alerts?|program|service)\b",
        0.93,
    ),
    _phrase(rf"\bcancel (?:my )?{_FILLER}{_THINGS}{_END}", 0.9),
    # do not …
    _phrase(
        rf"\b(?:dont|do not|never) (?:ever )?(?:text|message|e ?mail|contact|call|write"
        rf"|spam|sms|mail|msg"
        rf"|bother|dm|whatsapp)(?: to)? {_PERSON}(?: number| phone| address)?"
        r"(?: again| any ?more| ever)\b",
        0.97,
    ),
    _phrase(
        rf"\b(?:dont|do not|never) (?:ever )?(?:text|message|e ?mail|contact|call|write"
        rf"|spam|sms|mail|msg"
        rf"|bother|dm|whatsapp)(?: to)? (?:{_PERSON}(?: number| phone| address)?){_END}",
        0.95,
    ),
    _phrase(r"^do not (?:contact|call|text|e ?mail|message|mail|disturb)" + _END, 0.95),
    _phrase(rf"\b(?:dont|do not|never) send (?:me|us) {_FILLER}{_THINGS}\b", 0.95),
    _phrase(
        r"\b(?:dont|do not|never) send (?:me|us) (?:anything|stuff|this|these|more|any)\b",
        0.93,
    ),
    _phrase(
        r"\b(?:dont|do not|no longer|not|never) (?:want|wish|wanna)"
        r"(?: (?:to|any|more|receiv(?:e|ing)|get(?:ting)?|have|see|hear|keep|be sent|you sending me"
        r"|you to send me))* "
        + _FILLER
        + _THINGS
        + r"\b(?! (?:to (?:go|be|end|get)|in my|about my))",
        0.92,
    ),
    _phrase(
        rf"\b(?:dont|do not) (?:like|need|care for) (?:getting |receiving"
        rf" )?{_FILLER}{_THINGS}\b",
        0.65,
    ),
    _phrase(rf"\bnot interested in (?:getting |receiving )?{_FILLER}{_THINGS}\b", 0.9),
    _phrase(
        r"\b(?:dont|do not|no longer|not|never) (?:want|wish|wanna|care|like|need) (?:to )?"
        r"(?:be |get )?(?:hear(?:ing)? from|contacted|texted|messaged|e ?mailed|called|spammed"
        r"|on your|on this|in your|part of your)\b",
        0.93,
    ),
    _phrase(
        rf"\b(?:dont|do not|no longer) (?:want|need|like) (?:you|yall|your company) (?:to )?{_VERB}"
        rf"(?:e|es|s|ing|y)? {_FILLER}(?:{_PERSON}|{_THINGS})\b",
        0.95,
    ),
    _phrase(
        rf"^(?:no|not|enough)(?: any)?(?: more| further| of)+ {_FILLER}{_THINGS}(?: from"
        rf" you)?{_END}",
        0.9,
    ),
    _phrase(rf"\bno more {_FILLER}{_THINGS}(?: from you)? (?:please|pls|thanks|thank you)\b", 0.93),
    # consent, law, and less polite
    _phrase(
        r"\b(?:withdraw|revoke|withdrawing|revoking|rescind) (?:\w+ )?(?:consent"
        r"|permission)\b",
        0.98,
        "all",
    ),
    _phrase(
        r"\b(?:do not|dont|no longer|did not|didnt|never) (?:give |gave )?(?:my )?consent\b",
        0.9,
        "all",
    ),
    _phrase(
        r"\b(?:never|didnt|did not) (?:sign up|signed up|subscribe|subscribed|opt in|opted"
        r" in) (?:for|to)\b",
        0.75,
    ),
    _phrase(r"\bleave (?:me|us) (?:the \w+ )?alone\b", 0.85),
    _phrase(r"\blose my number\b", 0.93, "all"),
    _phrase(r"^go away\b" + _END, 0.7),
    # other languages
    _phrase(
        r"\bkeine (?:weiteren |mehr )?(?:sms|nachrichten|mails?|e ?mails?|newsletter"
        r"|werbung)(?: mehr)?\b",
        0.9,
    ),
    _phrase(
        r"\b(?:meld(?:en|e|et)?|trag(?:en|e|t)?) (?:sie )?mich (?:bitte )?(?:\w+ ){0,3}(?:ab"
        r"|aus)\b",
        0.95,
    ),
    _phrase(r"\b(?:hor(?:en|t)?|hoeren) (?:sie )?(?:bitte )?auf mir\b", 0.93),
    _phrase(r"\bschreib(?:en|t)? (?:sie )?mir (?:bitte )?nicht mehr\b", 0.95),
    _phrase(
        r"\b(?:arretez|arrete|cessez) (?:de |d ?)?(?:m ?|me |nous )?(?:envoyer|ecrire"
        r"|contacter|harceler)\b",
        0.96,
    ),
    _phrase(
        r"\bne (?:plus |me |m ?|nous |pas )+(?:envoyer|envoyez|ecrivez|ecrire|contacter"
        r"|contactez|recevoir)\b",
        0.93,
    ),
    _phrase(r"\bne (?:veux|souhaite|desire) (?:plus|pas) (?:etre|recevoir|de)\b", 0.9),
    _phrase(r"\b(?:desabonnez|desinscrivez|retirez|supprimez|enlevez) (?:moi|nous|mon)\b", 0.96),
    _phrase(
        r"\bno (?:me |nos )?(?:envien|envies|envie|manden|mandes|mande|escriban|escribas"
        r"|contacten)\b",
        0.93,
    ),
    _phrase(
        r"\b(?:dejen|deja|deje|paren) de (?:enviar|mandar|escribir|molestar|contactar)(?:me"
        r"|nos)?\b",
        0.96,
    ),
    _phrase(r"\b(?:darme|dar me|denme|quiero dar(?:me)?) de baja\b", 0.97),
    _phrase(
        r"\bno (?:quiero|deseo) (?:recibir )?mas (?:mensajes|correos|sms|emails|publicidad)\b",
        0.95,
    ),
    _phrase(
        r"\b(?:parem|pare|parar|deixem) de (?:me )?(?:enviar|mandar|escrever|contatar"
        r"|contactar)\b",
        0.96,
    ),
    _phrase(r"\bnao (?:quero|desejo) (?:mais )?receber\b", 0.95),
    _phrase(
        r"\b(?:smettete|smettila|smetti|basta) (?:di |con )?(?:mandar|inviar|scriver"
        r"|contattar|messaggi|sms)\w*\b",
        0.95,
    ),
    _phrase(r"\bnon (?:voglio|desidero) (?:piu )?(?:ricevere|messaggi|sms|email)\b", 0.93),
    _phrase(r"\b(?:cancella(?:te)?mi|toglietemi|rimuovetemi|disiscriv\w+)\b", 0.9),
    _phrase(r"\bgeen (?:\w+ )?(?:berichten|sms|mails?|e ?mails?|reclame)(?: meer)?\b", 0.88),
    _phrase(r"\b(?:schrijf|meld|haal) (?:mij|me|ons) (?:\w+ ){0,3}(?:uit|af)\b", 0.95),
    _phrase(
        r"\b(?:не пишите|не присылайте|не отправляйте|хватит (?:писать|слать)|отпишите)\b",
        0.93,
    ),
)

# What stands right before a phrase and turns it round.
TURNED: Final = re.compile(
    r"(?:\b(?:bus|next|last|first|full|non|pit|dont|do not|cant|can not|cannot"
    r"|couldnt|could not|wont|will not|wouldnt|would not|never"
    r"|didnt|did not|without|not|shouldnt|should not|nobody can|no need to|no reason to|hate to"
    r"|(?:dont|do not|didnt|never|not) (?:want|need|like|wish|mean|going|plan|planning)"
    r"(?: (?:you|them|yall|us|it))?(?: to)?"
    r"|(?:did|why did|have|had|when did|if|when|until|till|unless|before|after)"
    r"(?: (?:you|they|he|she|we|i|it|yall|guys|people|ever|to|all))*)"
    r"(?: (?:ever|please|just|ever please|really))?) $"
    # 'To stop texts reply …' is what senders write; 'how to stop texts' is not.
    r"|(?<!like )(?<!want )(?<!how )(?<!need )(?<!wish )(?<!ask )(?<!asking )(?<!asked )(?<!you )"
    r"(?<!trying )(?<!way )(?<!try )(?<!help )(?<!do )(?<!got )"
    r"(?<!possible )(?<!where )\b(?:to|2) $"
)
