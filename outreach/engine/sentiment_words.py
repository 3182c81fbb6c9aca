"""Our own list of words that tell how people feel, written for comments and reviews.

No word list of others was copied. Marks: how strong a word is by itself, in halves of a point.
"""

from __future__ import annotations

from typing import Final

_LISTS: Final = {
    3.0: """
        amazing awesome excellent fantastic incredible outstanding perfect perfection
        perfectly superb wonderful wonderfully brilliant brilliantly exceptional
        exceptionally extraordinary flawless flawlessly magnificent marvelous marvellous
        masterpiece phenomenal spectacular stunning stunningly sublime terrific unbeatable
        unmatched adore adored adores best love loved loves lovely heavenly divine
        delighted thrilled gorgeous breathtaking mindblowing stellar unforgettable
        superbly fabulous bliss genius favorite favourite delightful delight tremendous
        tremendously superlative amaze amazes amazed
        """,
    2.0: """
        great greatly good beautiful beautifully charming clever cool delicious yummy
        tasty enjoyable enjoy enjoyed enjoying enjoys entertaining excited exciting fun
        funny happy happier hilarious impressed impressive impresses pleased pleasant
        pleasantly pleasure recommend recommended recommends satisfied satisfying
        satisfaction smile smiles smiling super sweet thank thanks thankful grateful
        gratitude touching winner wins win won fresh flavorful flavourful yum succulent
        tender juicy crisp crispy friendly attentive helpful courteous gracious
        professional prompt promptly reliable sturdy durable comfortable comfy cozy cosy
        sleek stylish elegant beauty talented talent memorable remarkable remarkably
        captivating compelling fascinating gripping powerful refreshing riveting witty
        charm charismatic glad bravo kudos congrats congratulations yay woohoo legend
        legendary gem inspiring inspired inspiration authentic outshines rocks rocked rock
        dope lit fire goat slay iconic obsessed hooray worthy treasure joy joyful joyous
        magic magical pure blessing blessed excels excel superior top notch ideal
        welcoming hospitable generous tasteful rich engaging engrossing heartwarming
        poignant thoughtful subtle realistic believable hottest tastiest freshest finest
        greatest nicest coolest cutest cheerful playful adorable appealing seamless
        seamlessly compliments convincing transcend transcends applause enjoyment unique
        intriguing intrigued infatuated succeeds succeeded succeed humour humor positive
        crafted talents soothing attractive refined masterful masterfully
        """,
    1.0: """
        nice nicely fine decent solid better well liked likes likable likeable
        interesting interested worth works worked working easy easily easier fast quick
        quickly quickest clean clear clearly crystal bright sharp smooth smoothly warm
        cute pretty handy useful useable usable convenient affordable inexpensive bargain
        deal value reasonable reasonably fair simple light lightweight compact quality
        strong strength secure securely fits fit loud plenty generously original creative
        imaginative intelligent smart wise accurate accurately effective efficient improve
        improved improvement improves success successful happily appreciate appreciated
        appreciates hope hopefully relaxing relaxed relax calm safe gift perks perk bonus
        special classic classy modern trendy fan fans support supportive welcome
        accommodating kind caring patient respectful honest honestly true trust trusted
        trustworthy valuable versatile responsive instant instantly glowing praise praised
        credible natural lively energetic energy vivid colorful hooked craving cravings
        treat treats legit definitely absolutely fullest satisfy satisfies stunner sincere
        brave bold cheer rejoice paced portrayed yes wow moving simpler educational
        comfort
        """,
    -1.0: """
        mediocre bland dry cold slow slowly small tiny expensive pricey overpriced costly
        cheap cheaply flimsy loose hard difficult confusing confused complicated awkward
        odd weird strange unclear unfortunately sadly lacking lacks lack lacked limited
        missing missed miss problem problems issue issues trouble troubles concern
        concerned doubt doubts doubtful late delayed delay delays wait waited waiting
        stale plain salty greasy oily soggy burnt burned undercooked overcooked raw chewy
        rubbery tasteless flavorless noisy crowded dark dirty uncomfortable heavy bulky
        tired predictable cliche cliched cliches forgettable shallow thin weak weaker flat
        unnecessary unneeded meh lame nothing nobody neither short shorter cut drops
        dropped drop dropping static echo scratch scratched scratches crack cracked tinny
        muffled garbled cheesy corny silly sorry sad unhappy annoyed underwhelming
        underwhelmed unimpressed unimpressive overrated overhyped overly pushy careless
        unaware unsure unprepared mess messy clumsy trashy dull duller vague unrealistic
        unbelievable implausible nonsense defects fault incorrect wrong wrongly mistake
        mistakes error errors tough pain painfully regret regrettable unpleasant
        inconvenient unreliable unstable loses lost lose losing sinking sink stuck excuse
        excuses uninteresting uninspired uninspiring unoriginal lifeless flaws flawed flaw
        complaint complaints complain complained blah ripped smells smelled smell sticky
        unfunny amateurish wooden stilted contrived stereotypical tedious drag drags
        dragged sloppy skip skipped skimpy lukewarm downside unhelpful ignored ignore
        ignoring unanswered unfriendly incomprehensible unwatchable annoy nerves dead
        dying die dies stopped avoided unsatisfying unsatisfactory understaffed sparse
        pricy shady average negative forced chilly aimless unremarkable hurt hurts
        superficial jerky
        """,
    -2.0: """
        bad badly poor poorly annoying annoys angry anger mad upset upsetting disappoint
        disappointed disappointing disappointment disappoints disappointingly hate hated
        hates fail failed fails failure failing broke broken breaks break breaking
        defective faulty junk useless worthless waste wasted wasting wastes boring bored
        bore bores stupid dumb idiot idiotic idiots fool fooled ridiculous rude rudely
        disrespectful arrogant ignorant unprofessional incompetent incompetence negligent
        lazy gross nasty disgusted sick stink stinks stinky sucks sucked suck sucky crap
        crappy rubbish garbage trash lousy lies lie lied liar lying misleading mislead
        deceptive dishonest false fake frustrated frustrating frustration frustrates
        nightmare ugly hideous poison poisoned poisoning spoiled rotten moldy mold roach
        roaches refund refunds returned unusable unacceptable inedible insulting insult
        insulted offended offensive outrageous ruin ruined ruins ruining unbearable
        overcharged unsafe dangerous painful pathetic pitiful pointless senseless
        meaningless embarrassing embarrassed embarrassment cringe cringeworthy shame
        shameful ashamed avoid beware warning warned cheated cheat cheats ripoff damage
        damaged wrecked crash crashed crashes crashing freezes froze freezing leak leaks
        leaking died destroyed destroy inferior mediocrity unwelcome unimaginative worse
        ludicrous laughable hell damn wtf smh ugh yuck ew eww bs dislike disliked dislikes
        nausea vomit vomited puke torture tortured jerk jerks displeased inexcusable
        pretentious ugliest atrocity derivative yawn disturbing inept ineptly doomed
        unmoving unrecommended hellish embarassing joyless rats filthy
        """,
    -3.0: """
        terrible terribly horrible horribly horrid awful awfully atrocious abysmal
        appalling dreadful dreadfully disgusting disgrace disgraceful worst abomination
        horrendous horrific deplorable despicable detest loathe loathed vile scam scammed
        scammer scammers fraud fraudulent disaster disastrous catastrophe crapfest
        unforgivable trainwreck thieves thief criminal stole stolen robbery repulsive
        revolting excruciating excruciatingly abhor abhorrent
        """,
}  # fmt: skip

# Phrases count as a whole; their words do not count again.
_PHRASES: Final = {
    3.0: """
        highly recommend|highly recommended|must see|must watch|a must have|second to none
        blown away|blew me away|two thumbs up|thumbs up|worth every penny|worth every
        five stars|5 stars|10 10|top notch|can t wait|cant wait|cannot wait
        could not be happier|couldnt be happier|could not be better|never disappoint
        never disappoints|never disappointed|hands down|out of this world|to die for
        definitely be back|definitely go back|will be back|be coming back|nothing but good
        nothing but great|work of art|well done|well made|stands the test|best of all
        10 out of 10|9 out of 10|10 stars|never ceases to amaze|edge of your seat
        edge of my seat
        """,
    2.0: """
        will return|go back|going back|come back|coming back|no problem|no problems
        no complaints|no issues|no trouble|no trouble at all|without a problem
        without any problems|never a problem|not bad|not too bad|not bad at all
        can t go wrong|cant go wrong|cant beat|hard to beat|on point|as advertised
        as described|as expected|works fine|works well|works great|good deal|great deal
        good price|great price|well worth|worth it|worth the|worth seeing|worth watching
        worth checking|pleasant surprise|pleasantly surprised|look forward|looking forward
        easy to use|holds up|stay tuned|you rock|so far so good|top of the line
        high quality|good quality|what i wanted|just what i|exactly what i|great job
        good job|nice job|hit the spot|hits the spot|keep it up|keep up the|need this
        need these|want this|take my money|shut up and take|only complaint|couldnt ask for
        could not ask for|right amount|cooked to perfection|8 out of 10|7 out of 10
        order again|order from them again|buy again|buy it again|gets the job done
        got the job done|right on|see it again|dont think you will be disappointed
        wont be disappointed|not be disappointed|not disappointed|not disappoint
        not regret|nothing bad|had a blast
        """,
    1.0: """
        at least|like new|on time|much better|far better|a lot better|pretty good
        good enough|all good|not a problem|not expensive|not too expensive|long lasting
        last long|lasts long|sounds good|without a doubt|no doubt|sounds great|looks great
        looks good|i want
        count me in|i like|we like|really like|do like|would like to see|also like
        """,
    -1.0: """
        could be better|could have been better|should be better|nothing special
        nothing to write|hit or miss|hit and miss|so so|a bit too|kind of|sort of|at best
        if only|not sure|not so much|not really|not exactly|not even|not impressed
        too much|too many|too little|too small|too big|too long|too short|too loud|too low
        too high|too slow|too late|too expensive|too bad|instead of|supposed to
        trying to be|i guess|used to be|way too|not as good|as if|long wait|only thing
        no one|should have|back to the|a lot to be|no longer|not that|low budget
        low quality|out of business|hard to|forget about it|expected better
        better than this|better than these|expect better|back to the store
        """,
    -2.0: """
        waste of|do not buy|dont buy|not buy|not recommend|would not recommend
        wouldnt recommend|dont recommend|do not recommend|cannot recommend|cant recommend
        not worth|isnt worth|wasnt worth|never again|won t be back|wont be back
        will not be back|not be back|wont be going back|not be going back|not go back
        not going back|wont go back|not be returning|not coming back|wont be coming back
        never go back|never going back|never be back|never return|not return
        never come back|not come back|wont return|wont come back|never coming back
        stay away|steer clear|rip off|rip offs|let down|falls apart|fell apart|fall apart
        falling apart|stopped working|quit working|does not work|doesnt work|did not work
        didnt work|dont work|do not work|not work|not working|never worked|wont work
        will not work|no good|not good|piece of|save your money|save your time
        save yourself|dont waste|dont bother|do not bother|money back|my money|wasted my
        where is my|wheres my|never arrived|never came|not arrived|still waiting
        no response|no answer|no reply|no refund|no customer service|thumbs down
        walked out|sent it back|send it back|sending it back|returned it|took it back
        returning it|hours of my life|minutes of my life|not funny|isnt funny|wasnt funny
        no plot|no stars|zero stars|one star|1 star|0 stars|looked forward|low point
        big disappointment|no flavor|no taste|no sense|makes no sense|turned off|turn off
        fails to|failed to|better off|look elsewhere|elsewhere|anything but|far from
        overall not|wont last|didnt last|not last|doesnt last|lasted only|only lasted
        wear out|worn out|not enough|isnt enough|wasnt enough|cant hear|can not hear
        cannot hear|cant understand|not hold|doesnt hold|does not hold|wont hold
        doesnt stay|not stay|not fit|doesnt fit|does not fit|didnt fit|not comfortable
        did not like|didnt like|dont like|do not like|not happy|so called|a joke
        ripped off|over priced|left a bad|bad taste|get sick|got sick|food poisoning
        hung up|no idea|dont care|do not care|didnt care|great disappointment
        huge disappointment|do not purchase|dont purchase|no chemistry|little chemistry
        no redeeming|little sense|expected more|hoping for more|does not make sense
        3 out of 10|2 out of 10
        """,
    -3.0: """
        worst ever|waste of time|waste of money|complete waste|total waste|waste your time
        waste your money|waste my time|waste my money|piece of junk|piece of crap
        piece of trash|piece of shit|horrible experience|rot in|false advertising
        1 out of 10|0 out of 10|1 10
        """,
}  # fmt: skip

NEGATORS: Final = frozenset([
    "not", "no", "never", "without", "hardly", "barely", "scarcely", "nothing", "neither", "nor",
    "none", "cannot", "cant", "dont", "doesnt", "didnt", "isnt", "wasnt", "arent", "werent", "wont",
    "wouldnt", "couldnt", "shouldnt", "havent", "hasnt", "hadnt", "aint", "lacks", "lacking",
])  # fmt: skip
STRONGER: Final = frozenset([
    "very", "really", "so", "extremely", "absolutely", "totally", "completely", "incredibly",
    "highly", "super", "truly", "especially", "particularly", "utterly", "insanely", "remarkably",
    "quite", "such", "definitely", "most", "just", "pretty", "beyond", "exceptionally", "all",
])  # fmt: skip
WEAKER: Final = frozenset([
    "slightly", "somewhat", "bit", "little", "kinda", "sorta", "fairly", "rather", "mildly", "less",
    "partly", "almost", "nearly", "barely", "hardly",
])  # fmt: skip
TURNS: Final = frozenset(["but", "however", "although", "though", "except", "yet", "unfortunately"])

EMOJI: Final = {
    **dict.fromkeys(
        "😀😃😄😁😊🙂😍🥰😘😎🤩🥳👍👏🙌🔥💯❤♥💕💖💙💚💛🧡💜🖤🤍😻✨🎉💪🙏⭐🌟😋🤤", 2.0
    ),
    **dict.fromkeys("😞😔😟🙁☹😣😖😫😩😢😭😤😠😡🤬👎💔🤮🤢😒🙄😑😕😱🖕💩", -2.0),
}
EMOTICONS: Final = {
    ":)": 2.0, ":-)": 2.0, ";)": 1.5, ";-)": 1.5, ":d": 2.0, "<3": 2.5, "xd": 1.0, ":p": 1.0,
    ":(": -2.0, ":-(": -2.0, ":'(": -2.5, ":/": -1.0, ":-/": -1.0, ">:(": -2.5, "</3": -2.5,
}  # fmt: skip


def _weights() -> dict[str, float]:
    weights: dict[str, float] = {}
    for weight, text in _LISTS.items():
        for word in text.split():
            weights.setdefault(word, weight)
    return weights


WEIGHTS: Final = _weights()


def _phrases() -> dict[tuple[str, ...], float]:
    return {
        tuple(phrase.split()): weight
        for weight, text in _PHRASES.items()
        for line in text.strip().split("\n")
        for phrase in line.strip().split("|")
    }


PHRASES: Final = _phrases()
LONGEST_PHRASE: Final = max(map(len, PHRASES))
