"""The words of a procedure, gathered from their homes, for judging what is drawn and what tables and files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from sqlalchemy.orm import Session

from api.complaints.anchors import KEPT, RECEIVED
from api.complaints.answers import sheets
from api.complaints.channels import KINDS
from api.complaints.clock_jobs import BY_JOB
from api.complaints.clock_rows import ANSWERING, NAMES_OF_SEVERAL, OUR_ANSWER
from api.complaints.clock_start import PROMISED
from api.complaints.danger import FOUND
from api.complaints.evidence import ANCHORS
from api.complaints.from_complainant import ACCEPTED, MESSAGES, REJECTED
from api.complaints.from_form import CLOSED, PUBLIC, STAFF
from api.complaints.intake import CHANNELS, PROCESS, start_variable_names
from api.complaints.letter_carrying import DELIVERED, NOBODY_LEFT, REACHED, TO_DELIVER
from api.complaints.letters import Letters
from api.complaints.policies import DECISION, STAGES
from api.complaints.record_jobs import MEMBERS
from api.complaints.steps import LOOKED_UP
from api.identity.roles import ROLES
from api.organisation import Organisation
from api.procedure import contracts, deadline_table, tables
from api.procedure.deadline_table import Around
from api.procedure.letter_lint import LetterWords, letter_findings
from api.procedure.reading import (
    Named,
    all_of,
    codes_in,
    keys_of,
    literals,
    members_of,
    named_by,
    options_of,
    read_by,
)
from api.procedure.slips import alone, wrong_word
from engine import dmn, feel, forms
from engine.commands.check import Files
from engine.dialect.lint import JobFacts, ServiceFacts, Spoken, Words
from engine.dmn.model import TableBox
from engine.errors import RedressError
from engine.feel.functions import FUNCTIONS
from engine.findings import Finding, Severity
from engine.store import definitions
from engine.suggest import closest, perhaps, slip_of

_LIKE = 0.6  # how much an option is like the category that it took the place of
_DEPLOYED = {"process": ".bpmn", "decision": ".dmn", "form": ".form"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the files being judged.

    ``files`` are those of the procedure, by name, with the judged ones in their place; ``before``, without them.
    ``calendars`` are ids, ``groups`` those that people hold.
    """

    files: Mapping[str, bytes]
    organisation: Organisation
    letters: Letters
    calendars: frozenset[str]
    groups: frozenset[str]
    before: Mapping[str, bytes]


class Vocabulary:
    """The words that hold for one set of files in its surroundings."""

    def __init__(self, around: Surroundings) -> None:
        """Nothing is read before it is asked for twice: what a content names is remembered."""
        self._around = around
        self._named: Named = named_by(around.files)
        self._table = _table_among(around.files, DECISION)
        self._table_before = _table_among(around.before, DECISION)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Return the files of the whole procedure, by name, the judged ones in their place."""
        return self._around.files

    def facts(self) -> ServiceFacts:
        """Return what those who draw may use."""
        words = self._words
        return ServiceFacts(
            job_types=self._jobs,
            task_headers=contracts.task_headers(words),
            variables={**self._codes, "closingReason": contracts.closing_reasons()},
            members=members_of(self._named),
            clocks=replace(words.clocks, known=words.clocks.known | NAMES_OF_SEVERAL),
            states=contracts.STATE_WORDS,
            joined={OUR_ANSWER: ANSWERING},
            messages=Words(
                kind="message",
                known=MESSAGES | {NOBODY_LEFT, REACHED, TO_DELIVER, DELIVERED, FOUND} | self._named.published,
                others="accepted",
            ),
            groups=replace(words.groups, many=True),
            calendars=self._around.calendars,
            start_variables=start_variable_names(),
            provided=self._provided,
            replaced={
                each: Spoken(
                    names=one.read,
                    keys=one.provided,
                    codes=frozenset(code for _, code in one.asked | one.options),
                )
                for one in (named_by({name: data}) for name, data in self._around.before.items())
                for kind, each in one.ids
                if kind == "process"
            },
        )

    @cached_property
    def _codes(self) -> Mapping[str, Words]:
        """Return for each variable its codes: those that forms, tables and diagrams give it, and those of the service."""
        ours: Mapping[str, Iterable[str]] = {
            "answer": (ACCEPTED, REJECTED),
            "channel": CHANNELS,
            "letter": self._around.letters.ids,
            "regime": self._regimes,
        }
        given = options_of(self._named)
        for variable, codes in ours.items():
            known = given[variable].known if variable in given else frozenset()
            given[variable] = Words(kind=f"code of {variable}", known=known.union(codes), others="accepted")
        return given

    @cached_property
    def _jobs(self) -> Mapping[str, JobFacts]:
        return contracts.job_facts(self._words)

    @cached_property
    def _provided(self) -> frozenset[str]:
        """Return every name that a mapping, a form, a table, a job, the start of a case or a list of the register fills."""
        results = (facts.results for facts in self._jobs.values())
        return self._named.provided.union(start_variable_names(), LOOKED_UP, *results)

    def ids(self, kind: str) -> Mapping[str, frozenset[str]]:
        """Return the ids of all processes, decisions or forms (``kind``), each without any version tag."""
        return {each: frozenset() for its_kind, each in self._named.ids if its_kind == kind}

    def findings(self, files: Files, *, moment: feel.Moment) -> tuple[Finding, ...]:
        """Return what is wrong with ``files`` for those who read them at run time, beside what each diagram shows by itself."""
        found: list[Finding] = [*self._renamed(files), *self._bound_elsewhere(files)]
        for name, data in files:
            model = _model(data) if name.lower().endswith(".dmn") else None
            if model is not None:
                found += (replace(each, file=name) for each in self._check_model(model, name, moment))
            elif name.lower().endswith(".form"):
                found += (replace(each, file=name) for each in self._check_form(name, data))
            elif name.lower().endswith(".bpmn"):
                found += (replace(each, file=name) for each in self._given_up(name, data))
                found += (replace(each, file=name) for each in self._asked_in_vain(name, data))
        return (*found, *self._rounds(files, moment))

    def _rounds(self, files: Files, moment: feel.Moment) -> Iterable[Finding]:
        """Yield the second looks without a clock, where ``files`` have the table that offers them or the table of deadlines."""
        tables = {each: _file_with(self.files, each) for each in (STAGES, DECISION)}
        file = next((name for name in tables.values() if name in dict(files)), None)
        models = [_model(self.files[name]) for name in tables.values() if name is not None]
        if file is not None and len(models) == len(tables):
            stages, deadlines = models
            if stages is not None and deadlines is not None:
                yield from deadline_table.check_rounds(
                    deadlines, stages, self._regimes, file=file, moment=moment
                )

    def _bound_elsewhere(self, files: Files) -> Iterable[Finding]:
        """Yield what is new in ``files`` and that a diagram beside them goes on using as it was deployed together with it."""
        beside = [name for name in self.files if name not in dict(files)]
        for name, data in files:
            ids = named_by({name: data}).ids
            had = [
                content
                for each, content in self._around.before.items()
                if named_by({each: content}).ids & ids
            ]
            using = [each for each in beside if named_by({each: self.files[each]}).bound & ids]
            if using and had and data not in had:
                message = f"New cases go on with the version before: it is bound to {', '.join(using)} as deployed together."
                advice = f"Deploy {', '.join(using)} together with it."
                yield Finding("warning", "bound_elsewhere", message, advice, file=name)

    def _given_up(self, name: str, data: bytes) -> Iterable[Finding]:
        """Yield what a diagram relied on and says nowhere any more: a duty, a clock that a letter meets."""
        for key, word in sorted(self._replaced(name, data).relied_on - named_by({name: data}).relied_on):
            message = f"Nothing in this diagram says “{key}: {word}” any more: {contracts.RELIED_ON[key]}."
            advice = "Put the header back, unless another diagram does this now."
            yield Finding("warning", "header_given_up", message, advice, attribute=key)

    def _asked_in_vain(self, name: str, data: bytes) -> Iterable[Finding]:
        """Yield the regimes that a diagram alone names; it may be about something else than complaints."""
        for regime in sorted(codes_in(named_by({name: data}))["regime"] if self._table else ()):
            for each in alone("regime", regime, [regime], self._codes_beside(name)["regime"]):
                yield replace(each, severity="warning")

    def house_findings(self) -> tuple[Finding, ...]:
        """Return what the service itself begins with and no file defines."""
        return tuple(
            Finding("error", "part_missing", f"There is no {kind} “{each}”: {so}.", "Deploy it.")
            for (kind, each), so in contracts.HOUSE.items()
            if (kind, each) not in self._named.ids
        )

    def _renamed(self, files: Files) -> Iterable[Finding]:
        """Yield ids that are new and one letter away from one that is there: the old one would go on as if nothing had changed."""
        before, given = named_by(self._around.before).ids, named_by(dict(files)).ids
        for name, data in files:
            for kind, each in sorted(named_by({name: data}).ids - before):
                meant = slip_of(each, {other for of, other in before - given if of == kind})
                if meant is not None:
                    message = f"The {kind} “{each}” is new, and “{meant}” would go on beside it."
                    severity: Severity = "error" if (kind, meant) in contracts.HOUSE else "warning"
                    yield Finding(
                        severity, "renamed_by_a_letter", message, f"Did you mean {meant}?", file=name
                    )

    def organisation_findings(self) -> tuple[Finding, ...]:
        """Return what organisation.json names that does not exist."""
        organisation = self._around.organisation
        found = [*wrong_word(organisation.calendar, Words(kind="calendar", known=self._around.calendars))]
        if self._table is not None:
            found += wrong_word(organisation.regime, Words(kind="regime", known=self._regimes))
            elsewhere = codes_in(all_of((self._named, self._told)))["regime"] | {organisation.regime}
            for regime in organisation.bodies:
                found += self._check_regime(regime, [regime], elsewhere)
        return tuple(replace(each, file="organisation.json") for each in found)

    @property
    def _named_regimes(self) -> Words:
        """Return the regimes that anything names but a letter: one that a letter alone names is none."""
        known = self._codes["regime"].known.union(
            codes_in(self._named)["regime"], self._around.organisation.bodies
        )
        return Words(kind="regime", known=known)

    def missing_letters(self) -> tuple[Finding, ...]:
        """Return the letters that diagrams name and that are not there."""
        message = "A diagram names this letter, and it is not there: nobody would get it."
        gone = sorted(self._named.letters - self._around.letters.ids)
        return tuple(
            Finding("error", "letter_missing", message, "Put it back among the letters.", file=f"{name}.md")
            for name in gone
        )

    def letter_findings(self) -> tuple[Finding, ...]:
        """Return what letters name that does not exist."""
        words = LetterWords(
            named=replace(self._named, provided=self._provided),
            clocks=self._clocks | PROMISED | self._named.clocks - NAMES_OF_SEVERAL,
            codes=self._codes if self._table is None else {**self._codes, "regime": self._named_regimes},
            organisation=self._around.organisation,
        )
        return letter_findings(self._around.letters, words)

    @cached_property
    def _words(self) -> contracts.ProcedureWords:
        anchors = _words_in(_cells(self._table, "anchor"))
        departments = {each.id for each in self._around.organisation.departments}
        roles = {group for role in ROLES.values() for group in role.groups}
        return contracts.ProcedureWords(
            letters=Words(kind="letter", known=self._around.letters.ids),
            clocks=self._clock_words(),
            events=Words(kind="event that a clock counts from", known=anchors, others="warning"),
            groups=Words(kind="group", known=self._around.groups | departments | roles, others="warning"),
            caught=Words(kind="message that a diagram waits for", known=self._named.caught, others="warning"),
            processes=Words(kind="process", known=frozenset(self.ids("process"))),
        )

    def _clock_words(self) -> Words:
        """Return the clocks that can be: of the table, started by a diagram, or named before, if the table gave them up since.

        Where nothing was there before, a table without some clocks of the diagrams beside it may be meant so.
        """
        known = self._clocks | PROMISED | named_by(self._around.before).clocks - NAMES_OF_SEVERAL
        known |= {each for each in self._named.started if slip_of(each, known) is None}
        return Words(kind="clock", known=known, others="error" if self._around.before else "warning")

    @cached_property
    def _told(self) -> Named:
        """Return what letters read."""
        return read_by(self._around.letters)

    @cached_property
    def _clocks(self) -> frozenset[str]:
        return _words_in(_cells(self._table, "clock"))

    @cached_property
    def _regimes(self) -> frozenset[str]:
        return _words_in(_conditions(self._table, "regime"))

    def _check_model(self, model: dmn.Model, name: str, moment: feel.Moment) -> Iterable[Finding]:
        words = self._words
        raised = {RECEIVED, *KEPT, *ANCHORS.values()} | {"stage_opened"} | BY_JOB | self._named.happened
        beside = self._codes_beside(name)
        around = Around(
            anchors=Words(kind="event that anything raises", known=frozenset(raised)),
            letters=words.letters,
            evidence=Words(kind="evidence", known=frozenset(KINDS.values())),
            calendars=Words(kind="calendar", known=self._around.calendars),
            reasons=Words(kind="reason", known=self._reasons, others="accepted"),
            regimes=beside["regime"],
            categories=beside["category"],
            followed=self._named.clocks,
            before=_words_in(_conditions(self._table_before, "regime"))
            | _words_in(_conditions(self._table_before, "category")),
            elsewhere=frozenset(self._around.organisation.bodies),
        )
        yield from deadline_table.check_table(model, around, file=name, moment=moment)
        yield from self._check_codes_kept(name)
        for decision in model.decisions.values():
            box = decision.expression
            if isinstance(box, TableBox):
                yield from self._check_box(decision.id, box, words, beside)

    def _codes_beside(self, name: str) -> Mapping[str, frozenset[str]]:
        """Return the regimes and categories that anything but one file names: the other files, letters, organisation.json."""
        others = (named_by({each: content}) for each, content in self.files.items() if each != name)
        found, organisation = codes_in(all_of((*others, self._told))), self._around.organisation
        return {**found, "regime": found["regime"].union({organisation.regime}, organisation.bodies)}

    def _check_regime(self, regime: str, cells: Sequence[str], beside: frozenset[str]) -> Iterable[Finding]:
        """Yield a finding for a regime without clocks: no slip where anything ``beside`` names it, for it may have lost them."""
        found = tuple(wrong_word(regime, Words(kind="regime", known=self._regimes, others="warning")))
        if any(each.severity == "warning" for each in found):
            found = tuple(alone("regime", regime, cells, beside | self._regimes)) or found
        return found

    def _replaced(self, name: str, data: bytes) -> Named:
        """Return the words of the version that a file replaces: of what has one of its ids; none for a new file."""
        ids = named_by({name: data}).ids
        before = (named_by({each: content}) for each, content in self._around.before.items())
        return all_of(one for one in before if one.ids & ids)

    def _check_box(
        self,
        decision_id: str,
        box: TableBox,
        words: contracts.ProcedureWords,
        beside: Mapping[str, frozenset[str]],
    ) -> Iterable[Finding]:
        for place, at in enumerate(box.inputs):
            cells = [rule.conditions[place] for rule in box.rules]
            yield from _check_allowed(at.allowed, cells)
            if at.expression.text.strip() == "regime" and decision_id != DECISION and self._table is not None:
                every = [word for cell in cells for word in literals(cell.text)]
                for cell in cells:
                    for regime in literals(cell.text):
                        yield from _at(cell, self._check_regime(regime, every, beside["regime"]))
        for place, column in enumerate(box.outputs):
            cells = [rule.results[place] for rule in box.rules]
            yield from _check_allowed(column.allowed, cells)
            kind = contracts.WORD_COLUMNS.get((decision_id, column.name))
            if kind is not None:
                for cell in cells:
                    yield from _placed(cell, getattr(words, kind))
            yield from _check_numbers(
                decision_id, column.name, [*cells, *([column.default] if column.default else [])]
            )
        yield from self._check_members(decision_id, box)
        if decision_id != DECISION:  # its rows leave columns empty on purpose, and none has to fit
            before = _table_among(self._around.before, decision_id)
            yield from tables.check_values(box, before)
            if decision_id in self._asked_of_tables and self._around.before:
                yield from tables.check_whole(box, before)

    @property
    def _reasons(self) -> frozenset[str]:
        """Return why a clock may pause or be extended: as diagrams write it out, and as forms let people choose."""
        asked = {variable for variable, _, target in self._named.handed if target == contracts.WHY}
        return self._named.reasons.union(code for variable, code in self._named.options if variable in asked)

    @property
    def _asked_of_tables(self) -> frozenset[str]:
        """Return the decisions that a case asks, and stops without an answer."""
        return frozenset({decision for _, decision in self._named.bindings} | contracts.READ_COLUMNS.keys())

    def _check_members(self, decision_id: str, box: TableBox) -> Iterable[Finding]:
        variables = {variable for variable, decision in self._named.bindings if decision == decision_id}
        read = {member for variable, member in self._named.members if variable in variables}
        read |= contracts.READ_COLUMNS.get(decision_id, frozenset())
        known = Words(
            kind=f"column that anything reads of {decision_id}", known=frozenset(read), others="accepted"
        )
        columns = {column.name for column in box.outputs}
        for column in sorted(columns):
            yield from wrong_word(column, known)
        if box.hit_policy in tables.SEVERAL and (columns & read):
            message = f"The hit policy is {box.hit_policy}, which gives a list; one answer is read."
            yield Finding(
                "error", "hit_policy_list", message, "Choose FIRST or UNIQUE.", element_id=box.element_id
            )

    def _check_form(self, name: str, data: bytes) -> Iterable[Finding]:
        form = _form(data)
        if form is None:
            return  # its own findings say why
        beside = named_by({each: content for each, content in self.files.items() if each != name})
        others = all_of((beside, self._told))
        own = named_by({name: data})
        had = self._replaced(name, data)
        yield from self._check_keys(form, own, others, had)
        yield from self._check_rules(form, own, had)
        yield from self._check_codes(form, own, others)
        yield from _check_files(form)
        yield from self._check_kinds(name, own)
        yield from self._check_codes_kept(name)

    def _check_keys(self, form: forms.Form, own: Named, others: Named, had: Named) -> Iterable[Finding]:
        """Yield answers nothing reads in the place of one that is read, a letter apart, and those that are not asked for.

        A new question is anybody's own; beside a name that nothing else provides it is doubted.
        """
        keys, asked_here = keys_of(form), self._intake(form.id)
        read = own.read | others.read | MEMBERS | set(asked_here)
        gone = (had.provided & read) - keys
        bare = read - keys - self._provided - MEMBERS
        for key in sorted(keys - read - had.provided):
            message = f"Nothing reads the answer “{key}”."
            if slip_of(key, gone) is not None:
                yield Finding("error", "key_unread", message, perhaps(key, gone), attribute="key")
            elif slip_of(key, bare) is not None:
                yield Finding("warning", "key_unread", message, perhaps(key, bare), attribute="key")
        for key in sorted(asked_here.keys() - keys):
            meant = slip_of(key, keys - read)
            if meant is not None or key in contracts.NEEDED:
                message = f"The service reads the answer “{key}” of this form, and no field has that key."
                advice = "Give it to the field that asks for it." if meant is None else f"Is it {meant}?"
                yield Finding("error", "key_missing", message, advice, attribute="key")

    def _intake(self, form_id: str) -> Mapping[str, frozenset[str]]:
        """Return what the service itself reads of a form, each key with the codes it is compared with."""
        if (PROCESS, form_id) in self._named.start_forms:
            return PUBLIC
        return STAFF if form_id == contracts.LOG_FORM else {}

    def _check_rules(self, form: forms.Form, own: Named, had: Named) -> Iterable[Finding]:
        """Yield the names in the form's own rules that nothing provides, and slips of its fields and of what they read before."""
        known, meant = self._provided, keys_of(form) | had.read
        variables = forms.names_read(form.components)
        for name in sorted(own.called):
            message = f"There is no function {name}: what it decides would never hold."
            yield Finding("error", "function_unknown", message, perhaps(name, FUNCTIONS))
        for name in sorted((variables | own.read) - forms.SPECIAL_NAMES - known - own.called):
            message, advice = f"Nothing is called “{name}”: it would be null.", perhaps(name, known)
            if name not in had.read and slip_of(name, meant) is not None:
                yield Finding("error", "name_unknown", message, perhaps(name, meant))
            elif name in variables:
                yield Finding("warning", "name_unknown", message, advice)

    def _check_codes(self, form: forms.Form, own: Named, others: Named) -> Iterable[Finding]:
        departments = frozenset(each.id for each in self._around.organisation.departments)
        by_variable = {
            "category": Words(
                kind="category", known=_words_in(_conditions(self._table, "category")), others="accepted"
            ),
            "regime": Words(
                kind="regime", known=self._regimes, others="warning" if self._table else "accepted"
            ),
        }
        anywhere = Words(kind="department", known=departments, others="accepted")
        read = self._codes_read(own, others)
        for variable, code in sorted(own.options):
            yield from wrong_word(code, by_variable.get(variable, anywhere))
            listed = {each for of, each in others.allowed if of == variable}
            if listed and code not in listed:
                message = (
                    f"A table that asks for “{variable}” does not allow “{code}”: it would give no answer."
                )
                yield Finding("error", "code_not_allowed", message, perhaps(code, listed), attribute=variable)
            missed = read.get(variable, set()) - {each for of, each in own.options if of == variable}
            if slip_of(code, missed) is not None:
                message = f"Nothing asks whether “{variable}” is “{code}”."
                yield Finding("warning", "code_unread", message, perhaps(code, missed), attribute=variable)
        for variable, code in sorted(own.asked):
            known = self._codes[variable].known if variable in self._codes else frozenset()
            if slip_of(code, known) is not None:
                message = f"There is no code of {variable} “{code}”."
                yield Finding("warning", "word_unknown", message, perhaps(code, known), attribute=variable)
        for variable, codes in self._intake(form.id).items():
            offered = {code for named, code in own.options if named == variable}
            for code in sorted(codes - offered) if offered else ():
                message = f"The service asks whether “{variable}” is “{code}”, and nobody can answer that."
                yield Finding("error", "code_missing", message, perhaps(code, offered), attribute=variable)
            understood = CLOSED.get(variable, offered)
            for code in sorted(offered - understood):
                message = (
                    f"The service does not understand “{code}” as “{variable}”: nothing would follow it."
                )
                advice = (
                    f"Give the option one of the values {', '.join(sorted(understood))}; its label is yours."
                )
                yield Finding("error", "code_unknown", message, advice, attribute=variable)

    def _check_kinds(self, name: str, own: Named) -> Iterable[Finding]:
        """Yield regimes that a form alone names in a comparison, and options in the place of a category that is offered nowhere."""
        for regime in sorted({code for of, code in own.asked if of == "regime"} if self._table else ()):
            beside = self._codes_beside(name)["regime"] | {code for of, code in own.options if of == "regime"}
            yield from alone("regime", regime, [regime], beside)
        rows = _words_in(_conditions(self._table, "category"))
        missed = rows - {code for of, code in self._named.options if of == "category"}
        for code in sorted(code for of, code in own.options if of == "category" and code not in rows):
            meant = closest(code, missed, likeness=_LIKE)
            if slip_of(code, missed) is None and meant is not None:
                message = f"No row of the table of deadlines is for the category “{code}”, and nobody can choose “{meant}”."
                advice = f"Did you mean {meant}?"
                yield Finding("error", "code_without_row", message, advice, attribute="category")

    def _check_codes_kept(self, name: str) -> Iterable[Finding]:
        """Yield codes of a file in the place of one that was there, a letter apart: the others that name it would miss it."""
        own, had = named_by({name: self.files[name]}), self._replaced(name, self.files[name])
        here, there = own.options | own.asked, had.options | had.asked
        for variable, code in sorted(here - there):
            gone = {each for of, each in there - here if of == variable}
            if slip_of(code, gone) is not None:
                message = f"The code “{code}” of {variable} is new, and one that was there is gone."
                yield Finding("error", "code_replaced", message, perhaps(code, gone))

    def _codes_read(self, own: Named, others: Named) -> Mapping[str, set[str]]:
        """Return by variable the codes it is compared with, and those that a job or a task it is handed to knows."""
        found: dict[str, set[str]] = {}
        for variable, code in own.asked | others.asked:
            found.setdefault(variable, set()).add(code)
        groups, jobs = self._words.groups, self._jobs
        for variable, job, target in others.handed:
            known = groups if not job else jobs[job].inputs.get(target) if job in jobs else None
            if known is not None:
                found.setdefault(variable, set()).update(known.known)
        return found


def _check_files(form: forms.Form) -> Iterable[Finding]:
    """Yield the questions that files answer on a form whose page takes none."""
    for path, asked in form.fields() if form.id in contracts.WITHOUT_FILES else ():
        if asked.type == sheets.FILES:
            message = f"Files answer the question “{'.'.join(path)}”, and the page of this form takes none."
            yield Finding(
                "error", "files_not_taken", message, "Ask for them in another form.", attribute="type"
            )


def _check_numbers(decision_id: str, column: str, written: Sequence[dmn.model.Text]) -> Iterable[Finding]:
    if decision_id == contracts.WAITS:
        yield from tables.check_lengths(column, written)
    if column in contracts.NUMBERS:
        yield from tables.check_range(column, written, contracts.NUMBERS[column])


def _check_allowed(allowed: dmn.model.Text | None, cells: Iterable[dmn.model.Text]) -> Iterable[Finding]:
    if allowed is None:
        return
    words = Words(kind="value in the column's list", known=frozenset(literals(allowed.text)))
    for cell in cells:
        yield from _placed(cell, words)


def _placed(cell: dmn.model.Text, words: Words) -> Iterable[Finding]:
    for word in literals(cell.text):
        yield from _at(cell, wrong_word(word, words))


def _at(cell: dmn.model.Text, found: Iterable[Finding]) -> Iterable[Finding]:
    """Yield findings with the place of a cell."""
    return (replace(each, element_id=cell.element_id, line=cell.line) for each in found)


def _table_among(files: Mapping[str, bytes], decision_id: str) -> TableBox | None:
    """Return the table of a decision among files, None when no model of them has one."""
    name = _file_with(files, decision_id)
    model = None if name is None else _model(files[name])
    return None if model is None else deadline_table.table_of(model, decision_id)


def _file_with(files: Mapping[str, bytes], decision_id: str) -> str | None:
    """Return the name of the file that has the table of a decision, None when none has."""
    for name, data in files.items():
        model = _model(data) if name.lower().endswith(".dmn") and decision_id.encode() in data else None
        if model is not None and deadline_table.table_of(model, decision_id) is not None:
            return name
    return None


def _cells(box: TableBox | None, column: str) -> Iterable[str]:
    places = [] if box is None else [place for place, each in enumerate(box.outputs) if each.name == column]
    return [rule.results[place].text for rule in (box.rules if box else ()) for place in places]


def _conditions(box: TableBox | None, name: str) -> Iterable[str]:
    columns = () if box is None else box.inputs
    places = [place for place, at in enumerate(columns) if at.expression.text.strip() == name]
    return [rule.conditions[place].text for rule in (box.rules if box else ()) for place in places]


def _words_in(cells: Iterable[str]) -> frozenset[str]:
    return frozenset(word for cell in cells for word in literals(cell))


@lru_cache(maxsize=32)
def _model(content: bytes) -> dmn.Model | None:
    try:
        return dmn.read(content, name="tables.dmn")
    except RedressError:
        return None


@lru_cache(maxsize=128)
def _form(content: bytes) -> forms.Form | None:
    try:
        return forms.read(content, name="form.form")
    except RedressError:
        return None


def deployed(session: Session) -> Mapping[str, bytes]:
    """Return the newest version of everything deployed, by id and ending."""
    return {
        f"{identity}{ending}": content
        for kind, ending in _DEPLOYED.items()
        for identity, content in definitions.newest_contents(session, kind)
    }


def over(files: Mapping[str, bytes], given: Files) -> Mapping[str, bytes]:
    """Return ``files`` without those whose processes, decisions or forms ``given`` has too, and with ``given``."""
    ids = named_by(dict(given)).ids
    return {name: data for name, data in files.items() if not named_by({name: data}).ids & ids} | dict(given)
