"""The rights matrix: every address × everybody, written by hand from the product's rules and asked over HTTP.

`led`: the step before is missing, everybody is led there.
`ok` means neither 401, 403 nor 404 (what somebody before has used up answers 409 or 422); somebody who may must
succeed, so every form here is a valid one. Who may not is refused alike with and without htmx, and changes nothing.
"""

import hmac
import io
import itertools
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import vault
from board.accounts.models import (
    AccessToken,
    Authenticator,
    Device,
    Identity,
    Membership,
    Person,
    RecoveryCode,
    Role,
    Suggestion,
)
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import db, now, transaction
from board.factors import codes
from board.i18n import today
from board.issues import rules
from board.joining.verbs import invite
from board.partners.models import Partner
from board.policy import SYSTEM
from board.proposals.writing import mark
from board.voting.models import Ballot, Offer, Reuse
from board.work.models import Bid, Claim
from tests import worlds
from tests.conftest import HASH, Browser, sign_in
from tests.factories import NOWHERE, estimate, make_draft, make_proposal, make_world, milestone, view, webhook
from tests.people import PASSWORD, Cast
from tests.webhooks.forge import Forge, github_issue

CODE = "abcd-efgh-jkmn-pqrs"
WHO = ("gast", "rolf", "ben", "ada", "cleo", "pia", "dora")
# gast: nobody · rolf: a provider's · ben: member of Aalen · ada: its delegate · cleo: Celle's delegate · pia: product
# owner · dora: administrator. FV-1 is Ben's for Aalen, with its ballot, offer (use), entry of reuse and his comment 1;
# Aalen leads AP-1, for which Rolf offered; AP-2 is free.
MATRIX = """
                                                                           gast rolf ben  ada  cleo pia  dora
# the ground, the doors
GET  ground.healthz             /healthz                                   ok   ok   ok   ok   ok   ok   ok
GET  ground.readyz              /readyz                                    ok   ok   ok   ok   ok   ok   ok
GET  metrics.show               /metrics                                   404  404  404  404  404  404  404
POST hooks.receive              /hooks/github/0123456789abcdef             404  404  404  404  404  404  404
GET  live.stream                /live                                      ok   ok   ok   ok   ok   ok   ok
GET  live.topics                /live/topics                               ok   ok   ok   ok   ok   ok   ok
GET  accounts.sign_in           /sign-in                                   ok   ok   ok   ok   ok   ok   ok
POST accounts.sign_in           /sign-in                                   ok   ok   ok   ok   ok   ok   ok
# one's own account; a membership is only one's own
GET  accounts.show              /account                                   401  ok   ok   ok   ok   ok   ok
POST accounts.preferences       /account/preferences                       401  ok   ok   ok   ok   ok   ok
POST accounts.switch            /account/switch                            401  404  404  ok   404  404  404
POST accounts.sign_out          /sign-out                                  401  ok   ok   ok   ok   ok   ok
POST accounts.sign_out_everywhere /sign-out-everywhere                     401  ok   ok   ok   ok   ok   ok
POST accounts.end_session       /account/sessions/1/end                    401  ok   ok   ok   ok   ok   ok
POST accounts.forget_device     /account/devices/1/forget                  401  404  404  ok   404  404  404
# the second factor, showing again who one is, providers (there is none here), and what their groups suggest
GET  factors.code               /sign-in/code                              led  led  led  led  led  led  led
POST factors.code               /sign-in/code                              led  led  led  led  led  led  led
GET  factors.confirm            /confirm                                   401  ok   ok   ok   ok   ok   ok
POST factors.confirm            /confirm                                   401  ok   ok   ok   ok   ok   ok
GET  factors.show               /account/second-factor                     401  ok   ok   ok   ok   ok   ok
POST factors.set_up             /account/second-factor                     401  ok   ok   ok   ok   ok   ok
POST factors.renew              /account/recovery-codes                    401  409  409  ok   409  409  409
GET  factors.remove             /account/second-factor/remove              401  ok   ok   ok   ok   ok   ok
POST factors.remove             /account/second-factor/remove              401  ok   ok   ok   ok   ok   ok
GET  identities.begin           /sign-in/with/none                         404  404  404  404  404  404  404
GET  identities.back            /sign-in/from/none                         404  404  404  404  404  404  404
GET  identities.connect         /account/identities/none                   401  404  404  404  404  404  404
POST identities.disconnect      /account/identities/1/disconnect           401  404  404  ok   404  404  404
GET  identities.suggestions     /suggestions                               401  403  403  403  403  403  ok
POST identities.accept          /suggestions/1/accept                      401  403  403  403  403  403  ok
POST identities.refuse          /suggestions/1/refuse                      401  403  403  403  403  403  ok
POST privacy.export             /account/export                            401  ok   ok   ok   ok   ok   ok
GET  privacy.erase              /account/erase                             401  ok   ok   ok   ok   ok   ok
POST privacy.erase              /account/erase                             401  ok   ok   ok   ok   ok   ok
GET  tokens.index               /account/tokens                            401  ok   ok   ok   ok   ok   ok
POST tokens.create              /account/tokens                            401  ok   ok   ok   ok   ok   ok
POST tokens.revoke              /account/tokens/1/revoke                   401  404  404  ok   404  404  404
# one's own access and mail
GET  credentials.forgot         /forgot-password                           ok   ok   ok   ok   ok   ok   ok
POST credentials.ask_reset      /forgot-password                           ok   ok   ok   ok   ok   ok   ok
GET  credentials.show_reset     /reset/nothing                             404  404  404  404  404  404  404
POST credentials.reset          /reset/nothing                             404  404  404  404  404  404  404
GET  credentials.password       /account/password                          401  ok   ok   ok   ok   ok   ok
POST credentials.password       /account/password                          401  ok   ok   ok   ok   ok   ok
GET  credentials.email          /account/email                             401  ok   ok   ok   ok   ok   ok
POST credentials.email          /account/email                             401  ok   ok   ok   ok   ok   ok
GET  credentials.show_confirm   /confirm-email/nothing                     404  404  404  404  404  404  404
POST credentials.confirm        /confirm-email/nothing                     404  404  404  404  404  404  404
GET  notifications.show         /account/mail                              401  ok   ok   ok   ok   ok   ok
POST notifications.choose       /account/mail                              401  ok   ok   ok   ok   ok   ok
POST notifications.watch        /proposals/FV-1/watch                      401  ok   ok   ok   ok   ok   ok
POST notifications.watch        /packages/AP-1/watch                       401  ok   ok   ok   ok   ok   ok
POST notifications.watch_partner /partners/aalen/watch                     401  ok   ok   ok   ok   ok   ok
POST notifications.watch_topic  /topics/maengelmelder/watch                401  ok   ok   ok   ok   ok   ok
GET  notifications.unsubscribe  /unsubscribe/nothing                       404  404  404  404  404  404  404
POST notifications.decline      /unsubscribe/nothing                       404  404  404  404  404  404  404
# joining: delegates decide about their own partner's people, administrators about all
GET  joining.people             /partners/aalen/people                     401  404  ok   ok   404  404  ok
POST joining.invite             /partners/aalen/people/invite              401  403  403  ok   404  403  ok
GET  joining.overview           /invitations                               401  403  403  403  403  403  ok
POST joining.invite_anywhere    /invitations                               401  403  403  403  403  403  ok
POST joining.resend             /invitations/1/resend                      401  403  403  ok   404  403  ok
POST joining.withdraw           /invitations/1/withdraw                    401  403  403  ok   404  403  ok
POST joining.assign             /members/2/role                            401  403  403  ok   404  403  ok
POST joining.deputise           /members/2/deputy                          401  403  403  ok   404  403  ok
POST joining.undeputise         /members/2/deputy/end                      401  403  403  ok   404  403  ok
POST joining.end                /members/2/end                             401  404  ok   ok   404  404  ok
GET  joining.show               /join/nothing                              404  404  404  404  404  404  404
POST joining.join               /join/nothing                              404  404  404  404  404  404  404
# what everybody may read
GET  desk.show                  /                                          ok   ok   ok   ok   ok   ok   ok
GET  partners.index             /partners                                  ok   ok   ok   ok   ok   ok   ok
GET  partners.show              /partners/aalen                            ok   ok   ok   ok   ok   ok   ok
GET  activity.index             /activity                                  ok   ok   ok   ok   ok   ok   ok
GET  activity.news              /activity/news                             ok   ok   ok   ok   ok   ok   ok
GET  reuse.index                /reuse                                     ok   ok   ok   ok   ok   ok   ok
GET  reuse.row                  /reuse/FV-1                                ok   ok   ok   ok   ok   ok   ok
GET  reuse.ask                  /reuse/confirm/forged                      404  404  404  404  404  404  404
POST reuse.confirm              /reuse/confirm/forged                      404  404  404  404  404  404  404
GET  roadmap.show               /roadmap                                   ok   ok   ok   ok   ok   ok   ok
GET  roadmap.calendar           /roadmap.ics                               ok   ok   ok   ok   ok   ok   ok
GET  roadmap.subscribe          /calendar/nothing.ics                      404  404  404  404  404  404  404
GET  reference.show             /api                                       ok   ok   ok   ok   ok   ok   ok
GET  figures.show               /figures                                   ok   ok   ok   ok   ok   ok   ok
GET  figures.file               /figures/proposals.csv                     ok   ok   ok   ok   ok   ok   ok
GET  feeds.proposals            /proposals.atom                            ok   ok   ok   ok   ok   ok   ok
GET  feeds.proposal             /proposals/FV-1/activity.atom              ok   ok   ok   ok   ok   ok   ok
GET  modules.module             /proposals/FV-1/module.yml                 ok   ok   ok   ok   ok   ok   ok
GET  modules.used_by            /proposals/FV-1/used-by.yml                ok   ok   ok   ok   ok   ok   ok
GET  modules.app                /data/city_app.yml                         ok   ok   ok   ok   ok   ok   ok
GET  modules.import_            /proposals/FV-1/module/import              401  403  403  403  403  ok   403
POST modules.import_            /proposals/FV-1/module/import              401  403  403  403  403  ok   403
GET  modules.begin              /data/module/import                        401  403  403  403  403  ok   403
POST modules.begin              /data/module/import                        401  403  403  403  403  ok   403
GET  modules.import_app         /data/app/import                           401  403  403  403  403  ok   403
POST modules.import_app         /data/app/import                           401  403  403  403  403  ok   403
GET  opendata.show              /data                                      ok   ok   ok   ok   ok   ok   ok
GET  opendata.csv               /data/proposals.csv                        ok   ok   ok   ok   ok   ok   ok
GET  opendata.json              /data/reuse.json                           ok   ok   ok   ok   ok   ok   ok
GET  opendata.catalogue         /data/catalog.jsonld                       ok   ok   ok   ok   ok   ok   ok
GET  search.index               /search?q=M%C3%A4ngel                      ok   ok   ok   ok   ok   ok   ok
GET  search.jump                /search/jump?q=FV-1                        ok   ok   ok   ok   ok   ok   ok
GET  activity.atom              /activity.atom                             ok   ok   ok   ok   ok   ok   ok
GET  proposals.index            /proposals                                 ok   ok   ok   ok   ok   ok   ok
GET  proposals.news             /proposals/news                            ok   ok   ok   ok   ok   ok   ok
GET  proposals.similar          /proposals/similar?title=M%C3%A4ngel       ok   ok   ok   ok   ok   ok   ok
GET  proposals.show             /proposals/FV-1                            ok   ok   ok   ok   ok   ok   ok
GET  proposals.counts           /proposals/FV-1/counts                     ok   ok   ok   ok   ok   ok   ok
GET  proposals.state            /proposals/FV-1/state                      ok   ok   ok   ok   ok   ok   ok
# estimates: 1 is Aalen's
GET  estimates.index            /proposals/FV-1/estimates                  ok   ok   ok   ok   ok   ok   ok
POST estimates.make             /proposals/FV-1/estimates                  401  ok   ok   ok   ok   ok   403
GET  estimates.edit             /estimates/1/edit                          401  403  ok   ok   403  403  403
POST estimates.edit             /estimates/1/edit                          401  403  ok   ok   403  403  403
POST estimates.withdraw         /estimates/1/withdraw                      401  403  ok   ok   403  403  403
POST estimates.restore          /estimates/1/restore                       401  403  ok   ok   403  403  403
# ordering and milestones
GET  ordering.table             /proposals/table                           ok   ok   ok   ok   ok   ok   ok
GET  ordering.pictures          /proposals/pictures                        ok   ok   ok   ok   ok   ok   ok
GET  ordering.place             /proposals/FV-1/place                      ok   ok   ok   ok   ok   ok   ok
POST ordering.put               /proposals/FV-1/place                      401  403  403  403  403  ok   403
POST ordering.bulk              /proposals/together                        401  403  403  403  403  ok   403
POST ordering.decide            /proposals/together/decide                 401  403  403  403  403  ok   403
POST ordering.undo              /proposals/together/undo                   401  403  403  403  403  404  403
GET  milestones.index           /milestones                                401  403  403  403  403  ok   403
POST milestones.create          /milestones                                401  403  403  403  403  ok   403
GET  milestones.edit            /milestones/1                              401  403  403  403  403  ok   403
POST milestones.edit            /milestones/1                              401  403  403  403  403  ok   403
POST milestones.end             /milestones/1/end                          401  403  403  403  403  ok   403
POST milestones.resume          /milestones/1/resume                       401  403  403  403  403  ok   403
# saved views: 1 is Ada's, for Aalen
POST saved.save                 /proposals/views                           401  ok   ok   ok   ok   ok   ok
POST saved.begin                /proposals/views/1/begin                   401  403  403  ok   404  403  403
POST saved.plain                /proposals/views/1/plain                   401  403  403  ok   404  403  403
POST saved.remove               /proposals/views/1/remove                  401  404  403  ok   404  404  404
# voting
GET  voting.ballot              /proposals/FV-1/ballot                     ok   ok   ok   ok   ok   ok   ok
GET  voting.tally               /proposals/FV-1/tally                      ok   ok   ok   ok   ok   ok   ok
GET  voting.offers              /proposals/FV-1/offers                     ok   ok   ok   ok   ok   ok   ok
GET  voting.coalition           /proposals/FV-1/coalition                  ok   ok   ok   ok   ok   ok   ok
GET  voting.all_companions      /proposals/FV-1/coalition/all              ok   ok   ok   ok   ok   ok   ok
GET  voting.reuse               /proposals/FV-1/reuse                      ok   ok   ok   ok   ok   ok   ok
GET  voting.ballots             /proposals/FV-1/ballots                    401  ok   ok   ok   ok   ok   ok
GET  voting.all_ballots         /proposals/FV-1/ballots/all                401  ok   ok   ok   ok   ok   ok
GET  voting.all_uses            /proposals/FV-1/reuse/all                  ok   ok   ok   ok   ok   ok   ok
GET  variants.index             /proposals/FV-1/variants                   ok   ok   ok   ok   ok   ok   ok
GET  learnings.index            /learnings                                 ok   ok   ok   ok   ok   ok   ok
GET  learnings.show             /learnings/1                               ok   ok   ok   ok   ok   ok   ok
GET  learnings.useful           /learnings/1/useful                        ok   ok   ok   ok   ok   ok   ok
GET  learnings.of_proposal      /proposals/FV-1/learnings                  ok   ok   ok   ok   ok   ok   ok
GET  work.index                 /work                                      ok   ok   ok   ok   ok   ok   ok
GET  work.news                  /work/news                                 ok   ok   ok   ok   ok   ok   ok
GET  work.export                /work.csv                                  ok   ok   ok   ok   ok   ok   ok
GET  work.export_proposal       /proposals/FV-1/packages.yaml              ok   ok   ok   ok   ok   ok   ok
GET  work.import_               /proposals/FV-1/packages/import            401  403  ok   ok   ok   ok   403
POST work.import_               /proposals/FV-1/packages/import            401  403  ok   ok   ok   ok   403
GET  work.needs                 /packages/AP-1/needs                       ok   ok   ok   ok   ok   ok   ok
GET  work.packages              /proposals/FV-1/packages                   ok   ok   ok   ok   ok   ok   ok
GET  work.show                  /packages/AP-1                             ok   ok   ok   ok   ok   ok   ok
GET  work.card                  /packages/AP-1/card                        ok   ok   ok   ok   ok   ok   ok
GET  issues.of_proposal         /proposals/FV-1/issues                     ok   ok   ok   ok   ok   ok   ok
GET  issues.of_package          /packages/AP-1/issues                      ok   ok   ok   ok   ok   ok   ok
GET  comments.index             /proposals/FV-1/comments                   ok   ok   ok   ok   ok   ok   ok
GET  comments.index             /packages/AP-1/comments                    ok   ok   ok   ok   ok   ok   ok
# writing proposals: public bodies and product owners; one that is there: its partner and product owners
GET  proposals.new              /proposals/new                             ok   403  ok   ok   ok   ok   403
POST proposals.propose          /proposals                                 401  403  ok   ok   ok   ok   403
GET  proposals.several          /proposals/several                         401  403  ok   ok   ok   ok   403
POST proposals.propose_several  /proposals/several                         401  403  ok   ok   ok   ok   403
GET  proposals.edit             /proposals/FV-1/edit                       401  403  ok   ok   403  ok   403
POST proposals.edit             /proposals/FV-1/edit                       401  403  ok   ok   403  ok   403
POST proposals.withdraw         /proposals/FV-1/withdraw                   401  403  ok   ok   403  403  403
# leading them: product owners
POST proposals.accept           /proposals/FV-1/accept                     401  403  403  403  403  ok   403
POST proposals.defer            /proposals/FV-1/defer                      401  403  403  403  403  ok   403
POST proposals.decline          /proposals/FV-1/decline                    401  403  403  403  403  ok   403
POST proposals.start            /proposals/FV-1/start                      401  403  403  403  403  ok   403
POST proposals.pilot            /proposals/FV-1/pilot                      401  403  403  403  403  ok   403
POST proposals.publish          /proposals/FV-1/publish                    401  403  403  403  403  ok   403
POST proposals.reopen           /proposals/FV-1/reopen                     401  403  403  403  403  ok   403
# duplicates: who has a seat suggests, product owners merge and take back
POST duplicates.suggest         /proposals/FV-1/duplicate                  401  ok   ok   ok   ok   ok   403
POST duplicates.dismiss         /duplicates/1/dismiss                      401  403  403  403  403  ok   403
GET  duplicates.merge           /proposals/FV-1/merge                      401  403  403  403  403  ok   403
POST duplicates.merge           /proposals/FV-1/merge                      401  403  403  403  403  ok   403
POST duplicates.unmerge         /proposals/FV-1/unmerge                    401  403  403  403  403  ok   403
GET  duplicates.show            /proposals/FV-1/merged                     404  404  404  404  404  404  404
# decision sheets: who reads the proposal reads them, product owners write on them
GET  decisions.sheet            /proposals/FV-1/sheet                      ok   ok   ok   ok   ok   ok   ok
GET  decisions.markdown_of_sheet /proposals/FV-1/sheet.md                  ok   ok   ok   ok   ok   ok   ok
GET  decisions.write            /proposals/FV-1/sheet/edit                 401  403  403  403  403  ok   403
POST decisions.write            /proposals/FV-1/sheet/edit                 401  403  403  403  403  ok   403
GET  decisions.show             /decisions/9                               404  404  404  404  404  404  404
GET  decisions.markdown_of_record /decisions/9.md                          404  404  404  404  404  404  404
# consent: product owners begin it and call it off, voting partners object
POST consent.begin              /proposals/FV-1/consent                    401  403  403  403  403  ok   403
POST consent.object             /proposals/FV-1/consent/object             401  403  403  ok   ok   403  403
POST consent.recall             /proposals/FV-1/consent/recall             401  403  403  403  403  ok   403
# voting: delegates, each for the own partner only
POST voting.cast                /proposals/FV-1/ballot                     401  403  403  ok   ok   403  403
POST voting.withdraw            /proposals/FV-1/ballot/withdraw            401  403  403  ok   ok   403  403
POST voting.confirm             /proposals/FV-1/offers/confirm             401  403  403  ok   ok   403  403
POST voting.record_reuse        /proposals/FV-1/reuse                      401  403  403  ok   ok   403  403
# a partner's own variant and its return: its delegates and product owners; its packages: as all packages
POST variants.record            /proposals/FV-1/variants                   401  403  403  ok   ok   403  403
POST variants.divide            /variants/1/packages                       401  403  ok   ok   ok   ok   403
POST variants.begin_return      /variants/1/begin                          401  403  403  ok   403  ok   403
POST variants.stop_return       /variants/1/stop                           401  403  403  ok   403  ok   403
POST variants.finish_return     /variants/1/finish                         401  403  403  ok   403  ok   403
# learnings: who acts for a public body writes; those of its partner change one; the others say whether it was useful
GET  learnings.new              /learnings/new                             401  403  ok   ok   ok   403  403
POST learnings.write            /learnings                                 401  403  ok   ok   ok   403  403
GET  learnings.edit             /learnings/1/edit                          401  403  ok   ok   403  403  403
POST learnings.edit             /learnings/1/edit                          401  403  ok   ok   403  403  403
POST learnings.thank            /learnings/1/useful                        401  403  409  409  ok   403  403
POST learnings.remove           /learnings/1/remove                        401  403  ok   ok   403  403  403
# workshops: inside the partnership only; hosts (here Pia, as product owner) lead, a draft is its own partner's
GET  workshops.index            /workshops                                 401  ok   ok   ok   ok   ok   ok
GET  workshops.show             /workshops/1                               401  ok   ok   ok   ok   ok   ok
GET  workshops.now              /workshops/1/now                           401  ok   ok   ok   ok   ok   ok
GET  workshops.agenda           /workshops/1/agenda                        401  ok   ok   ok   ok   ok   ok
GET  workshops.screen           /workshops/1/screen                        401  ok   ok   ok   ok   ok   ok
GET  workshops.stage            /workshops/1/stage                         401  ok   ok   ok   ok   ok   ok
GET  workshops.count            /workshops/1/items/1                       401  ok   ok   ok   ok   ok   ok
GET  workshops.minutes          /workshops/2/minutes                       401  ok   ok   ok   ok   ok   ok
GET  workshops.markdown         /workshops/2/minutes.md                    401  ok   ok   ok   ok   ok   ok
GET  workshops.letter           /workshops/2/minutes/aalen                 401  403  ok   ok   403  ok   403
GET  workshops.new              /workshops/new                             401  403  403  403  403  ok   403
GET  workshops.edit             /workshops/1/edit                          401  403  403  403  403  ok   403
POST workshops.plan             /workshops                                 401  403  403  403  403  ok   403
POST workshops.edit             /workshops/1/edit                          401  403  403  403  403  ok   403
POST workshops.assemble         /workshops/1/assemble                      401  403  403  403  403  ok   403
POST workshops.add              /workshops/1/items                         401  403  403  403  403  ok   403
POST workshops.arrange          /workshops/1/items/1/arrange               401  403  403  403  403  ok   403
POST workshops.open             /workshops/1/open                          401  403  403  403  403  ok   403
POST workshops.turn             /workshops/1/turn                          401  403  403  403  403  ok   403
POST workshops.join             /workshops/1/join                          401  ok   ok   ok   ok   403  403
POST workshops.enter            /workshops/1/drafts                        401  403  403  403  403  ok   403
POST workshops.confirm          /workshops/drafts/1/confirm                401  403  403  ok   403  403  403
POST workshops.discard          /workshops/drafts/1/discard                401  403  403  ok   403  ok   403
POST workshops.close            /workshops/1/close                         401  403  403  403  403  ok   403
# packages: public bodies divide and claim, the lead moves, product owners accept, providers offer
GET  work.new                   /proposals/FV-1/packages/new               401  403  ok   ok   ok   ok   403
POST work.create                /proposals/FV-1/packages                   401  403  ok   ok   ok   ok   403
GET  work.edit                  /packages/AP-1/edit                        401  403  ok   ok   403  ok   403
POST work.edit                  /packages/AP-1/edit                        401  403  ok   ok   403  ok   403
POST work.claim                 /packages/AP-2/claim                       401  403  ok   ok   ok   403  403
GET  work.split                 /packages/AP-1/split                       401  403  ok   ok   403  ok   403
GET  work.merge                 /packages/AP-1/merge                       401  403  ok   ok   403  ok   403
POST work.split                 /packages/AP-1/split                       401  403  ok   ok   403  ok   403
POST work.depend                /packages/AP-1/needs                       401  403  ok   ok   403  ok   403
POST work.undepend              /packages/AP-1/needs/end                   401  403  ok   ok   403  ok   403
POST work.renew                 /packages/AP-1/renew                       401  403  ok   ok   403  403  403
POST work.hand_back             /packages/AP-1/hand-back                   401  403  ok   ok   403  403  403
POST work.move                  /packages/AP-1/move                        401  403  ok   ok   403  403  403
POST work.move_several          /work/move                                 401  403  ok   ok   ok   ok   403
POST work.move_back             /work/move/undo                            401  403  ok   ok   ok   ok   403
POST work.hold                  /packages/AP-1/hold                        401  403  ok   ok   403  ok   403
POST work.resume                /packages/AP-1/resume                      401  403  ok   ok   403  ok   403
POST work.commission            /packages/AP-1/commission                  401  403  ok   ok   403  403  403
POST work.bid                   /packages/AP-1/bid                         401  ok   403  403  403  403  403
POST work.withdraw_bid          /packages/AP-1/withdraw-bid                401  ok   403  403  403  403  403
# comments: everybody who acts for a partner, and product owners; one that is there: its author
POST comments.write             /proposals/FV-1/comments                   401  ok   ok   ok   ok   ok   403
POST comments.write             /packages/AP-1/comments                    401  ok   ok   ok   ok   ok   403
GET  comments.editor            /comments/1/edit                           401  403  ok   403  403  403  403
POST comments.edit              /comments/1/edit                           401  403  ok   403  403  403  403
POST comments.delete            /comments/1/delete                         401  403  ok   403  403  403  403
# the pages that the law asks for: everybody, always
GET  legal.imprint              /imprint                                   ok   ok   ok   ok   ok   ok   ok
GET  legal.privacy              /privacy                                   ok   ok   ok   ok   ok   ok   ok
GET  legal.accessibility        /accessibility                             ok   ok   ok   ok   ok   ok   ok
GET  legal.licence              /licence                                   ok   ok   ok   ok   ok   ok   ok
# running the board: administrators
GET  admin.index                /admin                                     401  403  403  403  403  403  ok
GET  admin.people               /admin/people                              401  403  403  403  403  403  ok
GET  admin.person               /admin/people/2                            401  403  403  403  403  403  ok
POST admin.appoint              /admin/people/2/appoint                    401  403  403  403  403  403  ok
POST admin.enrol                /admin/people/2/enrol                      401  403  403  403  403  403  ok
POST admin.reset_factor         /admin/people/4/reset_factor               401  403  403  403  403  403  ok
POST admin.disable              /admin/people/2/disable                    401  403  403  403  403  403  ok
POST admin.enable               /admin/people/2/enable                     401  403  403  403  403  403  ok
POST admin.erase                /admin/people/2/erase                      401  403  403  403  403  403  ok
GET  admin.partners             /admin/partners                            401  403  403  403  403  403  ok
GET  admin.new_partner          /admin/partners/new                        401  403  403  403  403  403  ok
POST admin.new_partner          /admin/partners/new                        401  403  403  403  403  403  ok
GET  admin.partner              /admin/partners/celle/edit                 401  403  403  403  403  403  ok
POST admin.partner              /admin/partners/celle/edit                 401  403  403  403  403  403  ok
POST admin.pause                /admin/partners/celle/pause                401  403  403  403  403  403  ok
POST admin.resume               /admin/partners/celle/resume               401  403  403  403  403  403  ok
POST admin.leave                /admin/partners/celle/leave                401  403  403  403  403  403  ok
POST admin.merge                /admin/partners/celle/merge                401  403  403  403  403  403  ok
GET  admin.topics               /admin/topics                              401  403  403  403  403  403  ok
POST admin.topics               /admin/topics                              401  403  403  403  403  403  ok
GET  admin.topic                /admin/topics/1                            401  403  403  403  403  403  ok
POST admin.topic                /admin/topics/1                            401  403  403  403  403  403  ok
POST admin.retire_topic         /admin/topics/1/retire                     401  403  403  403  403  403  ok
POST admin.revive_topic         /admin/topics/1/revive                     401  403  403  403  403  403  ok
GET  admin.system               /admin/system                              401  403  403  403  403  403  ok
POST admin.try_mail             /admin/mail                                401  403  403  403  403  403  ok
GET  admin.settings             /admin/settings                            401  403  403  403  403  403  ok
POST admin.settings             /admin/settings                            401  403  403  403  403  403  ok
GET  admin.pages                /admin/pages/imprint                       401  403  403  403  403  403  ok
POST admin.pages                /admin/pages/imprint                       401  403  403  403  403  403  ok
GET  record.show                /admin/record                              401  403  403  403  403  403  ok
# issues of the forges: those who work with them, but not providers
GET  issues.index               /issues                                    401  403  ok   ok   ok   ok   403
GET  issues.import_             /issues/import                             401  403  403  403  403  ok   ok
POST issues.import_             /issues/import                             401  403  403  403  403  ok   ok
GET  issues.news                /issues/news                               401  403  ok   ok   ok   ok   403
POST issues.bulk                /issues/bulk                               401  403  ok   ok   ok   ok   403
POST issues.bulk_undo           /issues/bulk/undo                          401  403  ok   ok   ok   ok   403
POST issues.link                /issues/1/link                             401  403  ok   ok   ok   ok   403
POST issues.propose             /issues/1/propose                          401  403  ok   ok   ok   ok   403
POST issues.package             /issues/1/package                          401  403  ok   ok   ok   ok   403
POST issues.snooze              /issues/1/snooze                           401  403  ok   ok   ok   ok   403
POST issues.dismiss             /issues/1/dismiss                          401  403  ok   ok   ok   ok   403
POST issues.undo                /issues/1/undo                             401  403  ok   ok   ok   ok   403
# connections to the forges, their log and label rules: who operates them
GET  connections.index          /connections                               401  403  403  403  403  ok   ok
GET  connections.new            /connections/new                           401  403  403  403  403  ok   ok
POST connections.create         /connections                               401  403  403  403  403  ok   ok
GET  connections.show           /connections/1                             401  403  403  403  403  ok   ok
GET  connections.state          /connections/1/state                       401  403  403  403  403  ok   ok
GET  connections.repositories   /connections/1/repositories                401  403  403  403  403  ok   ok
GET  connections.edit           /connections/1/edit                        401  403  403  403  403  ok   ok
POST connections.edit           /connections/1/edit                        401  403  403  403  403  ok   ok
POST connections.rotate         /connections/1/rotate                      401  403  403  403  403  ok   ok
POST connections.retire         /connections/1/secrets/1/retire            401  403  403  403  403  ok   ok
POST connections.disable        /connections/1/disable                     401  403  403  403  403  ok   ok
POST connections.enable         /connections/1/enable                      401  403  403  403  403  ok   ok
GET  connections.delete         /connections/1/delete                      401  403  403  403  403  ok   ok
POST connections.accept         /connections/1/repositories/1/accept       401  403  403  403  403  ok   ok
POST connections.refuse         /connections/1/repositories/1/refuse       401  403  403  403  403  ok   ok
POST connections.backfill       /connections/1/backfill                    401  403  403  403  403  ok   ok
GET  deliveries.index           /connections/1/deliveries                  401  403  403  403  403  ok   ok
GET  deliveries.show            /connections/1/deliveries/1                401  403  403  403  403  ok   ok
POST deliveries.replay          /connections/1/deliveries/1/replay         401  403  403  403  403  ok   ok
POST deliveries.replay_failed   /connections/1/deliveries/replay           401  403  403  403  403  ok   ok
GET  rules.index                /connections/1/rules                       401  403  403  403  403  ok   ok
POST rules.add                  /connections/1/rules                       401  403  403  403  403  ok   ok
GET  rules.show                 /connections/1/rules/1                     401  403  403  403  403  ok   ok
POST rules.enable               /connections/1/rules/1/enable              401  403  403  403  403  ok   ok
POST rules.disable              /connections/1/rules/1/disable             401  403  403  403  403  ok   ok
POST rules.remove               /connections/1/rules/1/remove              401  403  403  403  403  ok   ok
# outgoing webhooks and their log: who operates them
GET  outgoing.index             /outgoing                                  401  403  403  403  403  ok   ok
GET  outgoing.new               /outgoing/new                              401  403  403  403  403  ok   ok
POST outgoing.create            /outgoing                                  401  403  403  403  403  ok   ok
GET  outgoing.show              /outgoing/1                                401  403  403  403  403  ok   ok
GET  outgoing.state             /outgoing/1/state                          401  403  403  403  403  ok   ok
GET  outgoing.edit              /outgoing/1/edit                           401  403  403  403  403  ok   ok
POST outgoing.edit              /outgoing/1/edit                           401  403  403  403  403  ok   ok
POST outgoing.try               /outgoing/1/try                            401  403  403  403  403  ok   ok
POST outgoing.rotate            /outgoing/1/rotate                         401  403  403  403  403  ok   ok
POST outgoing.retire            /outgoing/1/secrets/1/retire               401  403  403  403  403  ok   ok
POST outgoing.disable           /outgoing/1/disable                        401  403  403  403  403  ok   ok
POST outgoing.enable            /outgoing/1/enable                         401  403  403  403  403  ok   ok
GET  outgoing.delete            /outgoing/1/delete                         401  403  403  403  403  ok   ok
GET  sent_log.index             /outgoing/1/deliveries                     401  403  403  403  403  ok   ok
GET  sent_log.show              /outgoing/1/deliveries/1                   401  403  403  403  403  ok   ok
POST sent_log.resend            /outgoing/1/deliveries/1/resend            401  403  403  403  403  ok   ok
POST sent_log.resend_failed     /outgoing/1/deliveries/resend              401  403  403  403  403  ok   ok
POST work.merge                 /packages/AP-1/merge                       401  403  ok   ok   403  ok   403
POST connections.delete         /connections/1/delete                      401  403  403  403  403  ok   ok
POST outgoing.delete            /outgoing/1/delete                         401  403  403  403  403  ok   ok
"""
ROWS = [line.split() for line in MATRIX.splitlines()[2:] if not line.startswith("#")]
MAY_BE_USED_UP = {409, 422}
ENDS = {
    "connections.delete",
    "outgoing.delete",
    "rules.remove",
    "learnings.remove",
    "saved.remove",
}  # Who comes second finds nothing any more.
TRIED = hmac.new(b"s" * 40, b"rule\0(1, 1, 'iOS', 'dismiss', None, None)", "sha256").hexdigest()[:32]
"""What the trial of the rule in `furnish` gives."""
# Plain forms, never sent by htmx: the text comes back.
ANSWERS_WITH_THE_FORM = {"proposals.propose", "work.edit", "learnings.edit", "workshops.edit"}
STATES = {
    "proposals.start": "accepted", "proposals.pilot": "building", "proposals.publish": "piloting",
    "proposals.reopen": "accepted",
}  # fmt: skip


def forms(people: Cast) -> Mapping[str, Mapping[str, Any]]:
    """A valid form per endpoint that needs one."""
    day, due = today().isoformat(), (today() + timedelta(days=30)).isoformat()
    decision = {"body": "Lenkungskreis", "decided_on": day, "reason": "Beschlossen.", "without_estimate": "Klein"}
    proposal = {"title": "Bäder", "text": "Öffnungszeiten zeigen.", "topic": "maengelmelder", "vote_by": due}
    return {
        "accounts.preferences": {"theme": "dark"},
        "accounts.switch": {"membership": people.ada.membership_id},
        "credentials.ask_reset": {"email": "niemand@example.org"},
        "credentials.password": {"current": PASSWORD, "password": "Rathausbrunnen plätschert leise"},
        "credentials.email": {"current": PASSWORD, "email": "neu@aalen.example"},
        "tokens.create": {"name": "Auswertung", "scopes": "read", "days": "90", "seat": ""},
        "joining.invite": {"email": "neu@aalen.example", "role": "member", "hours": "72", "locale": "de"},
        "joining.invite_anywhere": {"email": "neu@aalen.example", "role": "member", "hours": "72", "locale": "de",
                                    "partner": str(people.celle)},
        "joining.assign": {"role": "member"},
        "joining.deputise": {"begin": day, "end": due},
        "proposals.propose": proposal,
        "proposals.propose_several": {"lines": "Bäder\nBüchereien", "topic": "maengelmelder", "vote_by": due},
        "proposals.edit": proposal | {"edition": mark(make_draft(people))},
        "proposals.accept": decision, "proposals.defer": decision, "proposals.decline": decision,
        "proposals.reopen": {"vote_by": due},
        "duplicates.suggest": {"of": "FV-2"}, "duplicates.merge": {"into": "FV-2"},
        "decisions.write": {"questions": "Wer betreibt es?", "recommendation": "Annehmen.", "version": "0"},
        "consent.begin": {"last": due, "without_estimate": "Klein"},
        "consent.object": {"reason": "Der Betrieb ist ungeklärt."},
        "ordering.put": {"value": "4", "milestone": "1"},
        "ordering.bulk": {"proposal": "1", "do": "value", "value": "3", "topic": "1"},
        "ordering.decide": decision | {"proposal": "1", "outcome": "defer"}, "ordering.undo": {"batch": "1"},
        "milestones.create": {"name": "Herbst"}, "milestones.edit": {"name": "Stadt-App 3.0", "due_on": due},
        "saved.save": {"name": "Offene", "audience": "private", "face": "list", "query": "state=open"},
        "estimates.make": {"low": "5", "high": "8", "valid_until": due, "provider": "Nordlicht IT"},
        "estimates.edit": {"low": "6", "high": "8", "valid_until": due, "version": "1"},
        "voting.cast": {"choice": "for"},
        "voting.confirm": {"kind": "use", "body": "Stadtrat", "date": day},
        "voting.record_reuse": {"status": "live"},
        "variants.record": {"differs": "Eigene Karte.", "willing": "yes"},
        "variants.divide": {"lines": "Karte zurückführen | 6"},
        "learnings.write": {"title": "Karten kosten Zeit", "on": "FV-1", "text": "Mehr Zeit für Karten einplanen."},
        "learnings.edit": {"title": "Karten kosten Zeit", "text": "Mehr Zeit einplanen.", "version": "1"},
        "workshops.plan": {"title": "Transfer-Workshop", "held_on": due},
        "workshops.edit": {"title": "Transfer-Workshop", "held_on": due},
        "workshops.add": {"key": "FV-1"},
        "workshops.arrange": {"to": "down"},
        "workshops.enter": {"partner": str(people.celle), "choice": "for"},
        "work.create": {"lines": "Formular bauen | 5"},
        "work.edit": {"title": "Formular bauen", "text_version": "1"},
        "work.claim": {"seat": "lead"},
        "work.move_several": {"package": "1", "to": "in_progress"},
        "work.move_back": {"moves": "1-claimed-in_progress"},
        "work.split": {"lines": "Ein Teil"},
        "work.merge": {"into": "2"},
        "modules.import_": {"content": "name: Karte\ncost: 150 Euro", "do": "import"},
        "modules.begin": {"content": "name: Karte\ncost: 150 Euro", "do": "import", **proposal},
        "modules.import_app": {"content": "name: Stadt-App\napp_type: Web", "do": "import"},
        "work.import_": {"content": "- title: Karte zeichnen", "do": "import"},
        "work.depend": {"on": "AP-2"},
        "work.undepend": {"on": "AP-2"},
        "work.move": {"to": "in_progress"},
        "work.hold": {"reason": "Vergabe läuft."},
        "work.commission": {"whom": "Werk GmbH"},
        "work.bid": {"text": "Wir bauen es.", "days": "5"},
        "comments.write": {"text": "Guter Gedanke."},
        "comments.edit": {"text": "Anders gesagt.", "version": "1"},
        "issues.import_": {"file": (io.BytesIO(b"[]"), "issues.json")},  # Read once: forms are made anew for each.
        "issues.bulk": {"issue": "1", "do": "dismiss", "reason": "Schon gelöst."},
        "issues.bulk_undo": {"issue": "1"},
        "privacy.erase": {"sure": "y"},
        "admin.appoint": {"is_product_owner": "y"},
        "admin.enrol": {"partner": str(people.celle), "role": "member"},
        "admin.try_mail": {"to": "dora@example.org"},
        "admin.new_partner": {"slug": "bad-neustadt", "name": "Bad Neustadt", "sign": "BN", "kind": "municipality"},
        "admin.partner": {"name": "Celle an der Aller", "sign": "CE", "kind": "municipality", "votes": "y",
                          "ags": "03351006"},
        "admin.leave": {"on": day}, "admin.merge": {"into": str(people.aalen), "on": day},
        "admin.topics": {"label_de": "Friedhof", "label_en": "Cemetery"},
        "admin.topic": {"label_de": "Mängel", "label_en": "Defects"},
        "admin.settings": {"seen": "0-0", "public": "y", "quorum": "50", "vote_days": "42", "consent_days": "14",
                           "lease_days": "60", "grace_days": "14"},
        "admin.pages": {"seen": "0-0", "de": "Stadt Aalen", "en": "Town of Aalen"},
        "factors.confirm": {"confirm_code": CODE},
        "factors.remove": {"password": PASSWORD},
        "issues.link": {"key": "FV-1"},
        "issues.propose": {"topic": str(people.defects)},
        "issues.package": {"under": "FV-1"},
        "issues.dismiss": {"reason": "Schon gelöst."},
        "connections.create": {"provider": "gitlab", "name": "openCode", "public_id": "0123456789abcdef" * 2},
        "connections.edit": {"name": "GitHub", "accept_new": "y"},
        "outgoing.create": {"url": NOWHERE, "kinds": "proposals"},
        "outgoing.edit": {"url": NOWHERE, "kinds": "proposals"},
        "rules.add": {"label": "bug", "effect": "dismiss"},
        "rules.enable": {"tried": TRIED},
    }  # fmt: skip


def furnish(app: Flask, people: Cast, state: str = "open") -> None:
    """One of everything, and issue 1 of connection 1 that nobody has looked at, with its delivery and a rule."""

    def make() -> None:
        with app.app_context():
            make_world(people, state)
            estimate(people, 1)
            milestone(people)
            view(people)
            with transaction():
                invite("gast@aalen.example", db.session.get_one(Partner, people.aalen), Role.MEMBER, people.ada.actor)
        forge = Forge(app, "github")
        forge.post(github_issue())
        with app.app_context(), transaction():
            secure(people)
            rules.put(SYSTEM, forge.id, "iOS", "dismiss")
            webhook()

    worlds.made(app, ("furnished", state), make)


def prepare(app: Flask, people: Cast, browsers: Mapping[str, Browser], endpoint: str) -> None:
    """One of everything, in the state in which this may be done."""
    furnish(app, people, STATES.get(endpoint, "open"))
    if endpoint == "issues.undo":
        browsers["ada"].post("/issues/1/snooze")
    if endpoint == "variants.finish_return":
        browsers["ada"].post("/variants/1/begin")
    if endpoint.startswith("duplicates."):
        with app.app_context():
            make_proposal(people)
        if endpoint != "duplicates.suggest":
            browsers["ada"].post("/proposals/FV-1/duplicate", data={"of": "FV-2"})
        if endpoint == "duplicates.unmerge":
            browsers["pia"].post("/proposals/FV-1/merge", data={"into": "FV-2"})
    if endpoint in {"consent.object", "consent.recall"}:
        browsers["pia"].post("/proposals/FV-1/consent", data=forms(people)["consent.begin"])
    if endpoint in {"connections.retire", "outgoing.retire"}:
        browsers["pia"].post(f"/{endpoint.split('.')[0]}/1/rotate")


def secure(people: Cast) -> None:
    """Ada has a password, a second factor, a remembered device and an identity; a provider suggests Celle for Ben."""
    ada = people.ada.person_id
    db.session.get_one(Person, ada).password_hash = HASH
    box = vault.seal(codes.new_secret(), codes.purpose(ada))
    db.session.add_all((
        Authenticator(person_id=ada, secret_box=box),
        RecoveryCode(person_id=ada, code_hash=codes.kept(ada, CODE)),
        AccessToken(token_hash="y" * 64, ending="yyyy", person_id=ada, name="Auswertung", scopes=["read"],
                    expires_at=now() + timedelta(days=1)),
        Device(token_hash="x" * 64, person_id=ada, remembered_until=now() + timedelta(days=1)),
        Identity(person_id=ada, issuer="https://login.example", subject="ada"),
        Suggestion(person_id=people.ben.person_id, partner_id=people.celle, issuer="https://login.example"),
    ))  # fmt: skip


@pytest.fixture
def browsers(
    gast: Browser, rolf: Browser, ben: Browser, ada: Browser, cleo: Browser, pia: Browser, dora: Browser
) -> dict[str, Browser]:
    """Everybody's browser."""
    return dict(zip(WHO, (gast, rolf, ben, ada, cleo, pia, dora), strict=True))


def ask(browser: Browser, method: str, url: str, form: Mapping[str, Any], partial: bool = False) -> Any:
    """One request, closed at once (a stream never ends)."""
    answer = browser.open(url, method=method, data=form if method == "POST" else None, partial=partial)
    if not answer.is_streamed:
        answer.get_data()
    answer.close()
    return answer


def test_who_may_not_is_refused_as_the_matrix_says_and_has_changed_nothing(
    app: Flask, people: Cast, browsers: dict[str, Browser], database_url: str
) -> None:
    """Each with and without htmx; on PostgreSQL, which is asked the same for both, by turns."""
    furnish(app, people)
    before = everything(app)
    turns = itertools.cycle([(False,), (True,)] if database_url.startswith("postgresql") else [(False, True)])
    for method, endpoint, url, *expected in ROWS:
        for who, wanted in zip(WHO, expected, strict=True):
            for partial in next(turns) if wanted not in {"ok", "led"} else ():
                answer = ask(browsers[who], method, url, forms(people).get(endpoint, {}), partial)
                assert answer.status_code == int(wanted), (method, url, who, partial)
                assert "Location" not in answer.headers, (method, url, who)
                page = re.search(rb"<html|<!doctype|<body", answer.data, re.IGNORECASE)
                assert endpoint in ANSWERS_WITH_THE_FORM or not (partial and page), (method, url, who)
    assert everything(app) == before


def test_everybody_may_read_what_the_matrix_says(app: Flask, people: Cast, browsers: dict[str, Browser]) -> None:
    furnish(app, people)
    for method, _endpoint, url, *expected in ROWS:
        for who, wanted in zip(WHO, expected, strict=True):
            if method == "GET" and wanted == "ok":
                assert ask(browsers[who], method, url, {}).status_code == 200, (url, who)
            if wanted == "led":
                assert ask(browsers[who], method, url, {}).status_code == 303, (url, who)


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] == "POST" and "ok" in row], ids=lambda row: row[2])
def test_everybody_may_do_what_the_matrix_says(
    app: Flask, people: Cast, browsers: dict[str, Browser], row: list[str]
) -> None:
    method, endpoint, url, *expected = row
    prepare(app, people, browsers, endpoint)
    may = [who for who, wanted in zip(WHO, expected, strict=True) if wanted == "ok"]
    answers = {who: ask(browsers[who], method, url, forms(people).get(endpoint, {})).status_code for who in may}
    for who, status in answers.items():
        assert status < 400 or status in MAY_BE_USED_UP or (status == 404 and endpoint in ENDS), (who, status)
    if endpoint != "accounts.sign_in":
        assert min(answers.values()) < 400, answers


def everything(app: Flask) -> tuple[object, ...]:
    """How much there is of all that people make, and the last entry of the log."""
    with app.app_context():
        counts = [db.session.scalar(select(func.count()).select_from(t)) for t in (Ballot, Offer, Reuse, Claim, Bid)]
        return (*counts, db.session.scalar(select(func.max(Activity.id))), db.session.scalar(select(Comment.text)))


def test_every_address_has_its_row_in_the_matrix(board: Flask) -> None:
    rules = {(method, rule.endpoint, rule.rule) for rule in board.url_map.iter_rules()
             for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
             if not rule.endpoint.startswith("api.")}  # fmt: skip  # Their matrix: tests/test_api_rights.py.
    adapter = board.url_map.bind("localhost")
    rows = set()
    for method, endpoint, url, *_outcomes in ROWS:
        rule, _values = adapter.match(url.partition("?")[0], method=method, return_rule=True)
        assert rule.endpoint == endpoint
        rows.add((method, rule.endpoint, rule.rule))
    assert rules == rows
    assert len(ROWS) == len(rows)


# What stands on nobody's table: rights that do not come from a role but from the lack of one


def test_delegates_touch_only_the_ballot_and_offers_of_their_own_partner(
    app: Flask, people: Cast, browsers: dict[str, Browser]
) -> None:
    furnish(app, people)
    aalen = {"partner_id": people.aalen, "partner": people.aalen, "acting_for": ""}
    for url, form in (
        ("ballot", {"choice": "against", "reason": "Nein."}),
        ("ballot/withdraw", {}),
        ("offers/confirm", {"kind": "use", "body": "Stadtrat", "date": today().isoformat()}),
        ("reuse", {"gone": "1"}),
    ):
        for claimed in ({}, aalen, {"acting_for": str(people.aalen)}):
            browsers["cleo"].post(f"/proposals/FV-1/{url}", data={**form, **claimed})
    with app.app_context():
        assert db.session.scalar(select(Ballot.choice).where(Ballot.partner_id == people.aalen)) == "for"
        offer = db.session.scalars(select(Offer).where(Offer.partner_id == people.aalen)).one()
        assert (offer.withdrawn_at, offer.confirmed_on) == (None, None)
        assert db.session.scalar(select(Reuse.status).where(Reuse.partner_id == people.aalen))


@pytest.mark.parametrize("role", ["delegate", "member"])
def test_who_administers_the_board_never_casts_even_with_a_seat(app: Flask, people: Cast, role: str) -> None:
    furnish(app, people)
    with app.app_context(), transaction():
        seat = Membership(person_id=people.dora.person_id, partner_id=people.aalen, role=role)
        db.session.add(seat)
        db.session.flush()
        membership = seat.id
    dora = sign_in(app, people.dora.person_id, membership)
    assert dora.post("/proposals/FV-1/ballot", data={"choice": "against", "reason": "Nein."}).status_code == 403
    assert dora.post("/proposals/FV-1/ballot/withdraw").status_code == 403
    assert dora.post("/comments/1/edit", data={"text": "Umgeschrieben.", "version": "1"}).status_code == 403
    assert dora.post("/comments/1/delete").status_code == 403
    with app.app_context():
        assert db.session.scalar(select(Ballot.choice).where(Ballot.partner_id == people.aalen)) == "for"
        assert db.session.scalars(select(Comment.text)).one() == "Wir brauchen das."


def test_the_demo_door_is_shut_on_a_real_board(app: Flask, people: Cast, gast: Browser) -> None:
    assert gast.post("/sign-in", data={"demo": "dora@example.org"}).status_code == 403
