"""How rare the commonest English words are: the negative logarithm of the share of texts with them.

Counted on the headlines of the Upworthy Research Archive (Matias et al. 2021, CC BY 4.0) and the
questions of CLINC150 (Larson et al. 2019, CC BY 3.0), each set as one half. Any other word counts
as rare as the rarest here and a little more.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
1:4.3 10:4.8 2:4.2 3:4.5 4:4.7 5:4.6 6:5.2 7:5.4 8:5.2 a:1.3 about:2.7 account:4.0 actually:4.8
add:5.0 after:4.7 again:5.2 ai:5.3 all:3.3 am:4.5 amazing:5.2 america:4.5 american:5.0
amount:5.5 an:3.2 and:2.0 another:5.5 answer:5.1 any:4.3 anything:5.6 are:2.6 around:5.1 as:4.2
ask:5.4 asked:5.2 at:3.0 away:5.3 awesome:5.5 back:4.7 bad:5.0 bank:4.4 be:2.9 beautiful:5.2
because:4.6 been:4.4 before:4.5 being:4.4 believe:5.2 best:4.8 better:4.9 between:5.3 big:4.9
bill:4.4 black:5.1 book:5.5 boy:5.6 bunch:5.4 but:3.0 by:3.8 calendar:5.2 call:4.5 called:5.6
can:2.4 car:3.9 card:3.2 care:5.4 change:3.9 changed:5.2 chase:5.5 check:4.9 checking:5.6
children:5.5 city:5.5 come:5.4 comedian:5.5 company:5.6 could:4.1 country:5.0 credit:3.8
current:5.1 d:4.3 date:4.9 day:4.2 days:4.9 did:4.0 didn:4.8 dinner:5.6 do:2.4 does:3.8
doesn:4.9 doing:4.7 dollars:5.5 don:3.9 down:4.8 end:5.1 enough:5.4 even:4.9 ever:4.1 every:4.8
everyone:5.1 everything:4.8 explain:5.2 explains:5.5 fact:5.6 facts:5.1 feel:5.5 female:5.5
few:5.6 find:4.2 first:4.7 flight:4.9 folks:5.5 food:5.1 for:2.0 found:5.5 from:3.1 fun:5.5
funny:5.1 future:5.6 gas:4.9 gay:4.6 get:3.1 gets:5.1 getting:5.2 girl:4.9 girls:4.7 give:4.6
gives:5.6 go:3.9 going:4.5 good:4.1 got:4.1 great:5.4 guess:5.6 guy:4.3 guys:5.3 had:4.5
happens:5.1 happy:5.5 hard:5.3 has:3.8 have:2.7 he:3.3 health:5.5 hear:4.5 heard:5.0 heart:5.5
help:4.0 her:3.3 here:3.4 him:4.4 his:3.7 history:5.6 home:5.4 how:2.2 huge:5.6 human:5.6 i:1.5
idea:5.0 if:3.0 important:5.2 in:1.9 instead:5.5 insurance:5.2 internet:5.5 into:4.5 is:1.9
isn:5.1 it:2.0 job:5.4 just:3.4 keep:5.6 kid:4.8 kids:4.1 kind:4.8 know:3.0 last:4.6 left:5.4
let:4.3 life:4.2 like:3.0 limit:5.1 list:4.0 listen:5.6 little:4.5 live:5.3 lives:5.2 ll:4.4
location:5.4 long:4.4 look:4.3 looks:5.1 lost:5.0 lot:4.7 love:4.7 m:4.2 made:4.3 make:3.5
makes:4.9 making:5.4 male:5.6 man:4.7 many:4.0 march:5.2 may:4.7 maybe:5.3 me:2.4 mean:5.5
meaning:5.5 meet:5.4 meeting:5.4 men:4.6 message:5.4 might:4.5 minimum:5.3 minute:5.6
minutes:5.0 mom:5.4 money:4.7 month:5.6 more:3.8 most:4.3 movie:5.6 much:3.8 music:5.4 my:1.7
name:4.4 need:2.9 needs:5.5 never:4.3 new:3.9 news:5.1 next:4.2 no:3.9 not:3.2 nothing:5.5
now:3.9 number:4.8 of:1.8 off:4.4 oil:4.6 old:4.4 on:2.3 one:3.1 only:4.8 or:4.3 order:5.0
other:4.8 our:4.4 out:3.3 over:4.7 own:5.3 pay:4.7 people:3.1 person:4.9 phone:4.8 place:5.0
plan:5.3 play:5.3 playlist:5.2 please:3.2 pm:5.5 point:5.5 points:5.4 pretty:4.9 probably:5.1
problem:5.1 pto:5.6 put:4.5 question:5.4 rate:5.3 re:3.7 real:4.6 really:4.0 reason:4.7
reminder:5.4 report:5.2 request:5.3 reservation:4.8 reservations:5.6 response:5.6 right:4.3
room:5.5 s:1.8 said:5.1 say:4.1 says:5.1 schedule:5.4 school:5.1 science:5.2 score:5.3
seconds:5.3 secret:5.4 see:4.0 seen:5.3 send:5.6 set:4.6 sex:5.6 she:3.3 shopping:4.8 should:3.8
show:4.7 so:3.3 some:3.4 someone:4.7 something:4.0 song:4.4 speak:5.4 start:5.3 state:5.6
status:5.6 still:5.1 stop:4.6 story:5.0 straight:5.6 sure:5.3 t:2.6 take:3.9 talk:4.5
talking:5.1 taxes:5.5 tell:3.2 than:4.2 that:2.3 the:1.1 their:3.8 them:3.8 then:4.6 there:3.6
these:3.3 they:3.0 thing:4.4 things:4.1 think:3.9 this:2.2 those:5.6 thought:5.0 through:5.1
time:3.7 tires:5.1 to:1.1 today:4.7 told:5.4 too:4.6 took:5.2 totally:5.2 travel:5.2 tried:5.6
trying:5.2 turn:5.5 two:5.1 under:5.4 until:4.9 up:3.4 us:4.4 use:4.5 used:5.4 using:5.5
vacation:4.9 ve:4.2 very:5.5 video:4.3 visa:4.7 voice:5.4 wait:5.4 walk:5.6 want:3.5 wanted:5.6
wants:5.2 was:3.4 watch:4.1 way:3.9 we:3.2 well:5.2 went:5.5 were:4.2 what:1.8 when:3.0
where:4.0 which:5.2 white:5.2 who:3.6 whole:5.6 why:3.2 will:3.5 with:2.9 woman:4.3 women:3.8
won:5.2 word:5.2 words:4.9 work:4.7 world:4.1 would:3.7 wrong:4.9 year:4.4 years:4.7 yes:5.5
you:1.6 young:5.3 your:3.1
"""

WEIGHTS: Final[dict[str, float]] = {
    word: float(weight) for word, _, weight in (pair.partition(":") for pair in _TABLE.split())
}
OTHER: Final = 6.5
