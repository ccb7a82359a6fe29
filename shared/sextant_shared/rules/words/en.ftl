# English is the language of the contract's texts: these words travel in receipts.
# A message named like a rule is its title; `why` explains it. `RULE-way` words one way to break it.

## Structure

S0 = The document has the form of its kind
    .why = Each kind of declaration has a published schema. What does not fit it cannot be read without guessing, so it is told and not guessed.
S0Expected = { $what ->
        [amount] value and unit ({ $allowed }), or the reason why there is none
        [choice] one of { $allowed }
        [code] a code: capital letters, digits, - and _, at most 32
        [day] a day, written YYYY-MM-DD
        [decimal] a number in quotation marks with a point and no other mark, such as "1250.5"
        [digest] 64 hexadecimal digits, in small letters
        [group] a group of members: { $allowed }
        [integer] a whole number, without quotation marks
        [kind] a kind of declaration: sextant new --list
        [latitude] degrees north, in quotation marks, such as "52.0907" or "-33.45"
        [letters] three capital letters
        [list] a list; where there is nothing to list, []
        [longitude] degrees east, in quotation marks, such as "4.3007" or "-70.66"
        [money] value and unit (a currency, such as EUR), or the reason why there is none
        [number] 3 to 64 letters, digits, points, - and _
        [pointer] the place as a JSON pointer, such as /records/0/produced
        [rule] a rule, such as X4: sextant rules list
        [schema] sextant., the kind and its version, such as sextant.s2-and/1
        [state] a State code of three capital letters
        [text] text
        [truth] true or false, without quotation marks
        [way] the way in which a rule does not hold, as the finding names it: small letters, digits, - and _
       *[other] what the schema of the kind asks for here
    }
S0-unreadable = This is no readable document: { $reason }.
    .expected = { $expected }
    .received = bytes of another form
    .fix = Export the declaration again and send that file.
S0-kind = This is no kind of declaration that is carried here.
    .expected = { $allowed }
    .received = nothing
    .fix = { $nearest ->
        [none] Name the kind of declaration.
       *[other] Write { $nearest }, if that is meant.
    }
S0-schema = The schema is none of this kind of declaration.
    .expected = { $allowed }
    .received = nothing
    .fix = Name the schema of the kind, in a version that is known here.
S0-missing = This must be filled in.
    .expected = { S0Expected }
    .received = nothing
    .fix = { $what ->
        [amount] Add it. Zero is "0" with its unit; where there was no such activity, say nil; where it is not known, unknown.
       *[other] Add it.
    }
S0-blank = This is blank.
    .expected = { S0Expected }
    .received = blank
    .fix = { $what ->
        [amount] Zero is "0" with its unit; where there was no such activity, say nil; where it is not known, unknown.
        [decimal] Zero is "0"; where there was no such activity, say nil instead of value and unit; where it is not known, unknown.
        [list] Write [], or leave the member out.
       *[other] Fill it in.
    }
S0-type = This is something else than what is asked for here.
    .expected = { S0Expected }
    .fix = Write it in the form that is expected.
S0-form = This is not in the form that is asked for here.
    .expected = { S0Expected }
    .fix = Write it in the form that is expected.
S0-choice = This is none of the possible answers.
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] Choose one of the answers.
       *[other] Write { $nearest }, if that is meant.
    }
S0-unknown = Nothing here is called { $name }.
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] Remove it, or write it under the name that the schema gives it.
       *[other] Write { $nearest }, if that is meant.
    }
S0-long = This is too long.
    .expected = at most { $limit } characters
    .fix = Shorten it, or attach it as a file.
S0-few = The list is too short.
    .expected = at least { $limit }
    .fix = Add what is missing.
S0-many = The list is too long.
    .expected = at most { $limit }
    .fix = Split the declaration, or ask the Secretariat how.
S0-small = The number is too small.
    .expected = at least { $limit }
    .fix = Correct the number.
S0-large = The number is too large.
    .expected = at most { $limit }
    .fix = Correct the number.
S0-day = This is no day of the calendar.
    .expected = a day, written YYYY-MM-DD
    .fix = Write the year with four digits, then month and day with two: 2025-06-30.
S0-amount = An amount has a value and a unit, or the reason why there is none, and not both.
    .expected = value and unit ({ $allowed }), or nothing: nil, not-applicable, unknown
    .fix = Give both value and unit, or nothing alone.

## Formats

F1 = CAS numbers have their check digit
    .why = The last digit of a CAS number is computed from the others. A number whose last digit does not fit was mistyped, and names another chemical or none.
F1-mistyped = The CAS number of { $name } is mistyped.
    .expected = digits-digits-digit, the last one being the check digit
    .fix = Copy the CAS number again from its source.

F2 = CAS number, name, schedule and entry agree
    .why = The Annex on Chemicals lists most chemicals by name and CAS number. Families have members that it does not list: then entry and structure say that the chemical belongs to the family.
F2-schedule = { $name } stands in another part of the schedules.
    .expected = { $schedule }
    .received = nothing
    .fix = Correct the schedule or the CAS number.
F2-scheduled = { $name } stands in part { $schedule } of the schedules; here are only chemicals of none.
    .expected = a chemical that stands in no schedule
    .fix = Correct the CAS number, or declare the chemical where its schedule is declared.
F2-entry = { $name } is another entry of { $schedule }.
    .expected = { $entry }
    .fix = Correct the entry or the CAS number.
F2-not-yet = { $name } did not stand in the schedules then.
    .expected = a day from { $first } on
    .fix = Correct the year, or remove the chemical.
F2-name = The name is that of another chemical than the CAS number { $cas }.
    .expected = { $name }; or the CAS number { $other }
    .fix = Correct the name or the CAS number.
F2-unfamiliar = The list calls { $cas } by another name.
    .expected = { $name }
    .fix = Check that both mean the same; other names are allowed.
F2-other-cas = { $name } stands in the schedules with another CAS number.
    .expected = { $cas }
    .fix = Correct the CAS number or the name.
F2-no-cas = { $name } has a CAS number, and it is missing.
    .expected = { $cas }
    .received = nothing
    .fix = Add the CAS number.
F2-no-family = Part { $schedule } has no families; this chemical does not stand in it.
    .expected = a chemical of the list: sextant codes list chemicals
    .fix = Correct the CAS number or the name, or remove the chemical.
F2-which-family = { $name } does not stand in the list. Of which family is it a member?
    .expected = the number of an entry of { $schedule }: { $entries }
    .received = nothing
    .fix = Give the entry, or correct the CAS number.
F2-single = This entry of { $schedule } is no family, and the chemical is not the one that it names.
    .expected = a family: { $entries }
    .fix = Correct the entry, or the CAS number and name.
F2-no-structure = The structure of { $name } is missing; without it nobody sees that it belongs to the family.
    .expected = SMILES or InChI, or a drawing
    .received = nothing
    .fix = Give the structural formula, or attach a drawing.
F2-member = { $name } is taken for a member of the family { $schedule }({ $entry }), by its structure.
    .expected = a CAS number of the list, or entry and structure
    .fix = Nothing, if the CAS number is right.
F2-salt = No entry covers salts of { $name }.
    .expected = a base whose entry says «and corresponding salts»
    .fix = Correct the base, or remove the chemical.

F3 = State codes exist, and partners are other States
    .why = States are named by their ISO 3166-1 alpha-3 codes as they were on the day of the event, or at the end of the reporting year. A State does not trade with itself, and gives notice only of its own transfers.
F3-unknown = { $code } was no State code on { $day }.
    .expected = a code of the list of States
    .fix = Look the code up: sextant codes search NAME.
F3-self = A State does not trade with itself.
    .expected = another State than { $state }
    .fix = Name the other State.
F3-stranger = Neither side of this transfer is the State that gives notice.
    .expected = { $state } as sender or receiver
    .fix = Correct the States of the transfer.

F4 = Amounts are plausible numbers
    .why = Nothing weighs less than nothing, and nobody measures tonnes to the gram. Too many digits are often a sign of a wrong unit.
F4-negative = An amount is negative.
    .expected = zero or more
    .fix = Correct the sign.
F4-precise = An amount is given with more digits than anybody measures.
    .expected = at most { $digits } significant digits
    .fix = Round it, or explain the precision.

F5 = Years and days lie within what is reported on
    .why = Schedule 2 looks back three years; plans and transfers belong to the year that they are declared for; past production for chemical weapons counts since 1 January 1946; nothing begins after its end.
F5-look-back = The look-back covers the two years before the reporting year.
    .expected = { $first } or { $last }
    .fix = Correct the year.
F5-twice = { $name }: { $year } stands twice in the look-back.
    .expected = each year once
    .fix = Correct one of the years.
F5-reversed = It ends before it starts.
    .expected = a start on or before the end
    .fix = Exchange the days, or correct one.
F5-outside-year = The period lies outside the year that is declared.
    .expected = days of { $year }
    .fix = Correct the days; what lies in another year is declared for that year.
F5-period = The annual destruction period begins in another year than is declared.
    .expected = a start in { $year }
    .fix = Correct the period or the year.
F5-transfer-day = The transfer lies outside the reporting year.
    .expected = a day of { $year }
    .fix = Correct the day, or declare the transfer for its own year.
F5-before-begin = The activity starts before the day that is given as its begin.
    .expected = { $begin } or later
    .fix = Correct this day, or event_date.
F5-past-cw = This is asked for from 1946 until entry into force.
    .expected = { $first } to { $last }
    .fix = Correct the days.
F5-before-convention = This lies before the Convention was in force.
    .expected = { $first } or later
    .fix = Correct the date, or explain.
F5-previous-year = An initial declaration reports on the year before entry into force.
    .expected = { $year }
    .fix = Correct the year, or explain which year was the last complete one.
F5-not-late = The declaration is expected before it is due: then it is not late.
    .expected = a day after { $due }
    .fix = Correct one of the days, or do not send this notice.

F6 = Exempt chemicals are not declared
    .why = The Annex on Chemicals names a few chemicals that fit a family of Schedule 2 and are exempt from it, some with their salts.
F6-exempt = { $name } is exempt from Schedule 2 and is not declared.
    .expected = a chemical that is not exempt
    .fix = Remove this chemical.
F6-salt = Salts of { $name } are exempt from Schedule 2 and are not declared.
    .expected = a chemical that is not exempt
    .fix = Remove this chemical.

F7 = Codes stand in their lists
    .why = Activities, purposes, product groups, ranges, reasons and causes are told by codes, so that declarations can be compared.
F7-activities = { $code } is no code of the list of activities.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list activities.
F7-purposes = { $code } is no code of the list of purposes.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list purposes.
F7-product_groups = { $code } is no code of the list of product groups.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list product_groups.
F7-amendment_reasons = { $code } is no code of the list of reasons.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list amendment_reasons.
F7-transfer_causes = { $code } is no code of the list of causes.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list transfer_causes.
F7-ranges = { $code } is no range of this regime.
    .expected = { $allowed }
    .fix = Choose a range of the list: sextant codes list ranges.
F7-regime = { $code } belongs to another Schedule.
    .expected = { $allowed }
    .fix = Choose a code of the Schedule that is declared.
F7-kind = { $code } is no kind of declaration.
    .expected = a kind of the catalogue: sextant new --list
    .fix = Name the kind that will be late.

F8 = A site lies in the State that declares it, and a party in its State
    .why = A State declares what is on its territory or in any other place under its jurisdiction or control. Who sends or receives a transfer is in the State that sends or receives.
F8-elsewhere = The address lies in another State than declares it.
    .expected = { $state }
    .fix = Correct the country, or explain under whose jurisdiction the place is.
F8-party = The address lies in another State than the transfer names on this side.
    .expected = { $state }
    .fix = Correct the country or the States of the transfer, or explain.

F9 = Units are those of the Schedule
    .why = Schedule 1 is declared in grams, Schedules 2 and 3 in tonnes. Another unit is often a slip of a thousand.
F9-schedule-1 = Schedule 1 is not declared in this unit.
    .expected = { $allowed }
    .fix = Convert the amount, or correct the unit.
F9-schedules-2-3 = Schedules 2 and 3 are not declared in this unit.
    .expected = { $allowed }
    .fix = Convert the amount, or correct the unit.

F10 = Coordinates lie on Earth
    .why = A precise location is given in degrees north and east; an impossible figure is often one of the two in the other's place.
F10-latitude = No place has this latitude.
    .expected = -{ $limit } to { $limit }
    .fix = Correct the latitude; look whether it was exchanged with the longitude.
F10-longitude = No place has this longitude.
    .expected = -{ $limit } to { $limit }
    .fix = Correct the longitude.

## Completeness

C1 = What comes again each year, comes this year
    .why = Most declarations are due every year. Where there is nothing to declare this time, a nil says so; silence looks like something forgotten.
C1-again = { $state } declares no { $kind } for { $year }, as it did for the year before.
    .expected = { $kind } for { $year }, or a nil declaration
    .received = nothing
    .fix = Send it, or a nil declaration over it. The year before it was { $number }.
C1-facility = { $state } declares no { $kind } of facility { $site } for { $year }.
    .expected = { $kind } of { $site } for { $year }
    .received = nothing
    .fix = Send it, or withdraw the facility if it was closed. It follows from { $number }.
C1-sites = { $state } declares plant sites for { $year }, and no { $kind }.
    .expected = { $kind } for { $year }: what a plant site does counts for the State
    .received = nothing
    .fix = Send the aggregate national data. The plant site is { $number }.
C1-notices = { $state } gave notice of transfers in { $year }, and sent no { $kind }.
    .expected = { $kind } for { $year }
    .received = nothing
    .fix = Send the yearly list of transfers. One notice is { $number }.
C1-nil = { $state } says nil over { $scope } for { $year }, and declares { $kind }.
    .expected = either the one or the other
    .received = both
    .fix = Amend the nil declaration, or withdraw { $number }.

C2 = A Schedule 2 plant is declared until three years have passed
    .why = A plant that was above the threshold in one of the last three years is declared, also where it does nothing any more; its quantities may be zero.
C2-site = { $state } declares no { $kind } of { $site } for { $year }, although it was above the threshold in { $active }.
    .expected = { $kind } of { $site } for { $year }, its quantities nil where there was nothing
    .received = nothing
    .fix = Send it, or withdraw the plant site if it was closed. The earlier figures are in { $number }.
C2-plant = { $site } is declared for { $year } without plant { $plant }, which was above the threshold in { $active }.
    .expected = plant { $plant } in { $kind } of { $site }
    .received = nothing
    .fix = Add the plant, its quantities nil where there was nothing. The earlier figures are in { $number }.

C3 = What was planned is reported on
    .why = A plant site with plans for a year is declared after it too, or it is said why not.
C3-planned = { $state } declared plans of { $site } for { $year }, and sends no { $kind } of it.
    .expected = { $kind } of { $site } for { $year }
    .received = nothing
    .fix = Send it, or explain that the plan came to nothing. The plan is { $number }.

C4 = A Schedule 2 plant site is complete
    .why = Each site has at least one plant, each plant a chemical and an activity, each chemical a purpose, a capacity and its quantities; what is planned has its periods.
C4-no-plant = The site has no plant.
    .expected = at least one plant
    .received = nothing
    .fix = Add the plants.
C4-no-chemical = Plant { $plant } has no chemical.
    .expected = at least one chemical
    .received = nothing
    .fix = Add the Schedule 2 chemicals of this plant.
C4-no-activity = Plant { $plant } has no activity.
    .expected = PRODUCE, PROCESS or CONSUME
    .received = nothing
    .fix = Say what the plant does.
C4-no-purpose = { $chemical } has no purpose.
    .expected = at least one purpose
    .received = nothing
    .fix = Add the purpose.
C4-no-capacity = { $chemical } has no production capacity.
    .expected = tonnes per year, or not-applicable where it is not produced
    .received = nothing
    .fix = Add the nameplate or design capacity.
C4-blank = { $chemical }: { $field } is blank.
    .expected = an amount, or nil, not-applicable or unknown
    .received = blank
    .fix = Say which kind of nothing it is: nil where there was none.
C4-no-look-back = { $chemical }: the initial declaration does not cover three years.
    .expected = the two years before the reporting year
    .received = nothing
    .fix = Add the earlier years, nil where there was nothing.
C4-no-period = { $chemical }: { $activity } is planned without a period.
    .expected = from when to when
    .received = nothing
    .fix = Add the period of this activity.

C5 = An OCPF site says why it is listed
    .why = A site is listed for its discrete organic chemicals, for its PSF plants, or for both; PSF plants are counted exactly. Each site and plant stands in the list once.
C5-no-range = Site { $site } says neither a DOC range nor a PSF plant.
    .expected = doc_range, or psf_plants, or both
    .received = nothing
    .fix = Say why the site is on the list.
C5-count = The number of PSF plants is not the number listed.
    .expected = { $count }
    .fix = Correct the number or the list.
C5-no-plants = Site { $site } is listed without a plant that makes such chemicals.
    .expected = about how many plants make them
    .fix = Give the approximate number of plants.
C5-site-twice = Site { $site } stands in the list twice.
    .expected = each plant site once
    .fix = Remove the one, or correct its code.
C5-plant-twice = Plant { $plant } stands in the site twice.
    .expected = each PSF plant once
    .fix = Remove the one, or correct its code.

C6 = The Schedule 2 and the Schedule 3 form of a site count each other's plants
    .why = Each of both forms says how many plants of the same site the other one declares.
C6-count = { $site }: the number of plants is not that of the site's other form.
    .expected = { $count }
    .fix = Correct the number, or the plants of the other form.
C6-no-form = { $site }: plants are counted that no other form of this site declares.
    .expected = { $count }, or the other form of this site
    .fix = Send the other form, or correct the number.

C7 = A State gave notice of each transfer on its list
    .why = Each transfer of a Schedule 1 chemical is noticed before it takes place, by both States. The yearly list tells what the notices should have told.
C7-unnoticed = { $chemical }: of the transfer with { $state } on { $day } there is no notice.
    .expected = a notice of this State, sent before the transfer
    .received = nothing
    .fix = Send the notice, late as it is, or correct State, day or chemical on the list.

C8 = Attachments are all there
    .why = Whoever receives the declaration must see whether a part of it is missing.
C8-count = The number of parts is not the number of attachments.
    .expected = { $count }
    .fix = Correct the number, or attach what is missing.
C8-twice = Two attachments have the name { $file }.
    .expected = a name for each, by which fields refer to it
    .fix = Rename the one, also where it is referred to.
C8-missing = No attachment has the name { $file }.
    .expected = the name of an attachment of this declaration
    .fix = Attach the file, or correct the name.

C9 = Aggregate national data have every total, once
    .why = The treaty asks for each total of each chemical. A blank cannot be told from a forgotten figure; nil says that there was none. A chemical or State that stands twice may be counted twice.
C9-total = { $chemical }: { $field } is blank.
    .expected = an amount, or nil, not-applicable or unknown
    .received = blank
    .fix = Say which kind of nothing it is: nil where there was none.
C9-row = { $state }: the quantity is blank.
    .expected = an amount, or nil, not-applicable or unknown
    .received = blank
    .fix = Give the quantity, or say that it is less than the threshold.
C9-twice = { $chemical } stands in two records.
    .expected = one record for each chemical
    .fix = Put both records together, or correct the chemical.
C9-state-twice = { $chemical }: { $state } stands in two rows.
    .expected = one row for each State
    .fix = Put both rows together, or correct the State.

## Thresholds

T1 = A declared Schedule 2 plant is above a threshold
    .why = A plant is declared when it produced, processed or consumed more than the threshold in one of the last three years, or plans to next year. Exactly the threshold is not more. Whether amounts in mixtures of low concentration were left out cannot be seen here: no member asks for concentrations.
T1-below = Plant { $plant } stays below the threshold in every year given.
    .expected = one chemical above its threshold in one of the last three years, or planned so
    .fix = Add the earlier years, or say that next year's plan is the reason.
T1-sum = Plant { $plant } is above the threshold only if its activities are added up.
    .expected = one activity above the threshold
    .fix = Nothing; whether activities add up is not settled.
T1-plan = Plant { $plant } plans nothing above a threshold.
    .expected = one chemical above its threshold, planned or in one of the three years before
    .fix = Correct the plan, or say that a year before is the reason.

T2 = Rows below their threshold may be left out
    .why = The treaty asks for data on chemicals above the threshold, in national totals as for plants, and for research and medical facilities above 100 grams.
T2-below = { $chemical } is below its threshold; it may be left out.
    .expected = more than { $threshold }
    .fix = Leave it, or remove it.
T2-record = { $chemical }: no national total is above its threshold; the record may be left out.
    .expected = more than { $threshold }
    .fix = Leave it, or remove it.
T2-facility = Facility { $facility } stays within what need not be declared.
    .expected = more than { $threshold }
    .fix = Leave it, or do not declare the facility.

T3 = The statement on the verification threshold fits the amounts
    .why = Sites above the verification threshold can be inspected, so the statement must follow from the figures. Ranges leave some sums open: two Schedule 3 chemicals of the lowest range can be above or below 200 tonnes together; then only the site knows.
T3-above = The site says that it is not above the verification threshold; its amounts are.
    .expected = true
    .fix = Correct the statement or the amounts.
T3-below = The site says that it is above the verification threshold; its amounts are not.
    .expected = false
    .fix = Correct the statement, or explain by another year of the window.
T3-no-psf = The site says that a PSF plant is above the verification threshold, and has none.
    .expected = no statement, or the PSF plants
    .fix = Remove the statement, or add the PSF plants.

T4 = A Schedule 3 row means more than 30 tonnes
    .why = Plants are declared for chemicals of which they made more than 30 tonnes, so a State that made no more than that in total has no such plant.
T4-site = { $chemical }: the plant declares more than the State made of it in total.
    .expected = more than { $least } in the national total, which is { $total }
    .fix = Correct the range, or amend the aggregate national data.
T4-national = { $chemical }: the national total is less than one declared plant alone has made.
    .expected = more than { $least }, made at site { $site }
    .fix = Correct the total, or amend the plant site.

T5 = Schedule 1 facilities keep to their number and size
    .why = A State has one single small-scale facility and one facility for protective purposes outside it. Facilities outside the small-scale one make at most 10 kilograms in a year.
T5-ceiling = Facility { $facility } made more than it may in a year.
    .expected = at most { $most }
    .fix = Correct the amounts or the unit.
T5-plan = Facility { $facility } plans more than it may make in a year.
    .expected = at most { $most }
    .fix = Correct the plan or the unit.
T5-second = Another facility of this type is declared for the same year: { $other }.
    .expected = one facility
    .fix = Correct the facility's code or type.
T5-type = This kind of declaration is for another type of facility.
    .expected = { $allowed }
    .fix = Correct the type, or choose the other kind.

T6 = Schedule 1 stays below one tonne in a State
    .why = A State holds at most one tonne of Schedule 1 chemicals at any time, and acquires at most one tonne in a year by production, transfer and otherwise. What is counted here is this declaration together with the State's others of the year.
T6-held = More Schedule 1 chemicals were held at the end of the year than a State may hold.
    .expected = at most { $most }
    .fix = Correct the stocks or the unit.
T6-largest = The largest stocks together are more than a State may hold at any time.
    .expected = at most { $most }
    .fix = Correct the stocks, or explain that they were not held at the same time.
T6-acquired = More Schedule 1 chemicals were acquired in the year than a State may acquire.
    .expected = at most { $most }
    .fix = Correct the amounts or the unit.

T7 = Reactors of the single small-scale facility are small
    .why = No reactor is larger than 100 litres, and those larger than 5 litres have at most 500 litres together.
T7-reactor = Reactor { $reactor } is too large.
    .expected = at most { $most }
    .fix = Correct the volume or the unit.
T7-total = The reactors larger than { $from } are too large together.
    .expected = at most { $most }
    .fix = Correct the volumes, or the inventory.

T8 = The short notice is for a little saxitoxin only
    .why = Up to 5 milligrams of saxitoxin may be notified by the time of transfer, for medical or diagnostic purposes. Anything else needs the notice of 30 days.
T8-chemical = This notice is for saxitoxin.
    .expected = { $name }, { $cas }
    .fix = Give the notice of 30 days, or correct the chemical.
T8-quantity = This is more than may be notified so.
    .expected = at most { $most }
    .fix = Give the notice of 30 days, or correct the quantity.
T8-purpose = This notice is for medical and diagnostic purposes.
    .expected = { $allowed }
    .fix = Give the notice of 30 days, or correct the purpose.

T9 = Schedule 1 moves between States Parties, for allowed purposes, and no further
    .why = Transfers go to States Parties only, for research, medical, pharmaceutical or protective purposes. Who receives may not transfer to a third State.
T9-partner = { $state } was no State Party on { $day }.
    .expected = a State Party
    .fix = Correct the State or the day; such a transfer is not allowed.
T9-purpose = Schedule 1 is not transferred for this purpose.
    .expected = { $allowed }
    .fix = Correct the purpose.
T9-retransfer = { $chemical } was received from { $from } and is sent to { $to }.
    .expected = no transfer of what was received to a third State
    .fix = Explain where the chemical that is sent comes from, or correct the transfer.

T10 = Partners of transfers are States Parties
    .why = Schedule 2 chemicals go to and come from States Parties only, since 29 April 2000. Schedule 3 exports to other States need an end-use certificate. Mixtures of low concentration and consumer goods are exempt; no member but the note says so, so a person decides.
T10-schedule-2 = Schedule 2 trade with { $state }, which is no State Party.
    .expected = a State Party
    .fix = Check the partner, or explain under which exception it was allowed.
T10-certificate = Schedule 3 export to { $state } without an end-use certificate.
    .expected = the reference of the certificate
    .received = nothing
    .fix = Add the reference of the end-use certificate.

## Cross-checks

X1 = National totals cover what the plant sites declare
    .why = What declared plant sites produce, process and consume is part of the State's total. A total that is smaller misses a site or a chemical; a much larger one may count what no site declares.
X1-below = { $chemical }: the national total { $field } is less than its plant sites declare.
    .expected = at least { $sites }
    .fix = Correct the total or the plant site, or explain the difference.
X1-excess = { $chemical }: the national total { $field } is far more than its plant sites declare.
    .expected = about { $sites }, unless plants below the threshold add much
    .fix = Look whether a plant site is missing; else leave it.
X1-unit = { $chemical }: { $field } and its plant sites differ by a thousand. Kilograms entered as tonnes?
    .expected = about { $sites }
    .fix = Check the unit of the total and of the plant sites.
X1-no-record = { $chemical }: plant sites declare it above the threshold, and the national data do not.
    .expected = a record with at least { $sites }
    .received = nothing
    .fix = Add the record, or correct the chemical where it is misnamed.

X2 = National trade covers what the plant sites declare
    .why = What declared plant sites import and export is part of the State's total; traders may add to it.
X2-below = { $chemical }: the national total { $field } is less than its plant sites declare.
    .expected = at least { $sites }
    .fix = Correct the total or the plant site, or explain the difference. Look whether imports and exports are swapped.
X2-unit = { $chemical }: { $field } and its plant sites differ by a thousand. Kilograms entered as tonnes?
    .expected = about { $sites }
    .fix = Check the unit of the total and of the plant sites.

X3 = Schedule 3 production fits the ranges of the plant sites
    .why = Plant sites declare ranges; the national total lies within their sum, or above it by what small producers add.
X3-below = { $chemical }: the national production is less than the ranges of its plant sites add up to.
    .expected = at least { $least }
    .fix = Correct the total or the ranges, or explain the difference.
X3-above = { $chemical }: the national production is more than the ranges of its plant sites add up to.
    .expected = { $least } to { $most }, and what small producers add
    .fix = Look whether a plant site is missing; else leave it.
X3-unit = { $chemical }: the national production and the ranges of its plant sites differ by a thousand. Kilograms entered as tonnes?
    .expected = { $least } to { $most }
    .fix = Check the unit of the total and the ranges.
X3-no-record = { $chemical }: plant sites declare its production, and the national data do not.
    .expected = a record with at least { $sites }
    .received = nothing
    .fix = Add the record, or correct the chemical where it is misnamed.

X4 = Country rows add up to their total
    .why = Imports and exports are declared in total and by country. Rows below the threshold may stand without a figure; then the total lies within a range.
X4-total = { $chemical }: the total { $field } is not that of its rows.
    .expected = { $least }
    .fix = Correct the total or the rows, or explain the difference.
X4-range = { $chemical }: the total { $field } lies outside what its rows can add up to.
    .expected = { $least } to { $most }
    .fix = Correct the total or the rows, or explain the difference.

X5 = Production fits the capacity
    .why = A plant makes little more than its nameplate or design capacity. More is often a wrong unit.
X5-capacity = { $chemical }: more was produced than the plant can make.
    .expected = at most { $most }
    .fix = Correct the amount or the capacity, or explain.
X5-plan = { $chemical }: more is planned than the plant can make.
    .expected = at most { $most }
    .fix = Correct the plan or the capacity, or explain.
X5-unit = { $chemical }: production and capacity differ by a thousand. Kilograms entered as tonnes?
    .expected = at most { $most }
    .fix = Check the unit of the amount and of the capacity.

X6 = Stocks of Schedule 1 chemicals balance
    .why = What was there at the end of the year before, and what was made or received, is consumed, shipped, or still there.
X6-balance = { $chemical }: the stock at the end of the year does not follow from the year before.
    .expected = { $computed }
    .fix = Correct the stock or the movements, or explain. The year began with { $start }.
X6-balance-range = { $chemical }: the stock at the end of the year does not follow from the year before, whichever facility had the year's transfers.
    .expected = { $computed } to { $most }
    .fix = Correct the stock or the movements, or explain. The year began with { $start }.
X6-at-end = { $chemical }: more was there at the end of the year than is said to be the most.
    .expected = at least { $least }
    .fix = Correct the one or the other.
X6-at-start = { $chemical }: more was there at the start of the year than is said to be the most.
    .expected = at least { $least }
    .fix = Correct the one or the other; the stock at the start is that of the year before.
X6-vanished = { $chemical } was in stock at the end of the year before, and is not reported on.
    .expected = a row that tells what became of { $start }
    .received = nothing
    .fix = Add the chemical, with what was consumed or shipped.

X7 = Schedule 1 production names its precursors
    .why = Schedule 1 chemicals are made from others, most of them scheduled; toxins are extracted.
X7-none = { $chemical } was produced, { $produced }, and no precursor is named.
    .expected = the precursors of Schedules 1 to 3 with their quantities
    .received = nothing
    .fix = Add the precursors, or explain from what it was made.

X8 = The yearly list of transfers is the year's notices
    .why = The list tells each transfer again that was noticed, and the sum of each State. What differs was changed after the notice, or mistyped.
X8-quantity = { $chemical }: the quantity is not the noticed one.
    .expected = { $noticed }
    .fix = Correct the list, or explain why less or more was transferred than { $number } said.
X8-unlisted = { $chemical }: the transfer with { $state } noticed for { $day } is not on the list.
    .expected = { $quantity }, as { $number } noticed it
    .received = nothing
    .fix = Add the transfer, or explain that it did not take place.
X8-sum = { $chemical }: the year's quantity of { $state } is not that of its transfers.
    .expected = { $computed }
    .fix = Correct the sum or the transfers.
X8-no-sum = { $chemical }: there are transfers with { $state }, and no quantity of the year.
    .expected = { $computed }
    .received = nothing
    .fix = Add the State with its quantity of the year.

X9 = What was done was planned, or additionally declared
    .why = Activities above the threshold are declared before the year, or at least five days before they begin.
X9-unplanned = { $chemical } at plant { $plant } was in no plan for { $year }, nor additionally declared.
    .expected = a plan for { $year }, or a declaration of additional activities
    .fix = Send what was not declared, late as it is, or explain.

X10 = What was done is near to what was planned
    .why = Plans change, and no rule forbids it. A large difference may be a wrong figure on one side.
X10-amount = { $chemical }: { $field } is far from what was planned.
    .expected = about { $planned }
    .fix = Check the figure; if it is right, nothing is to be done.
X10-range = { $chemical }: the range is far from what was planned.
    .expected = { $planned }
    .fix = Check the range; if it is right, nothing is to be done.
X10-unit = { $chemical }: { $field } and its plan differ by a thousand. Kilograms entered as tonnes?
    .expected = about { $planned }
    .fix = Check the unit here and in the plan.

X11 = What changed of a site or facility is said
    .why = Names, operators and places are how a site is known again. Where one changed, a note says what and since when.
X11-site = { $site }: { $field } is not that of the year before, and no note says so.
    .expected = { $was }
    .fix = Say in the note what changed and since when, or correct it.
X11-moved = { $site } lies elsewhere than in the year before, and no note says so.
    .expected = { $was }
    .fix = Correct the coordinates, or say in the note that they were read again.
X11-plant = { $site }, plant { $plant }: { $field } is not that of the year before, and no note says so.
    .expected = { $was }
    .fix = Say in the note what changed and since when, or correct it.

X12 = Direct exports go to partners of the State
    .why = Where a plant site exports itself, the State's exports of this chemical name the same States.
X12-partner = { $chemical } is exported directly to { $state }, to which the national data name no export.
    .expected = { $partners }
    .fix = Correct the State here, or add it to the national exports.

X13 = Figures are in line with the State's own earlier years
    .why = A figure far from all earlier years may be right. A figure that is a thousand times that of last year is nearly always a wrong unit.
X13-unit = { $chemical }: the figure and that of { $year } differ by a thousand. Kilograms entered as tonnes?
    .expected = about { $before }
    .fix = Check the unit; if the figure is right, explain.
X13-above = { $chemical }: { $field } is far above the State's own { $years } earlier years.
    .expected = about { $usual }
    .fix = Check the figure; if it is right, nothing is to be done.
X13-below = { $chemical }: { $field } is far below the State's own { $years } earlier years.
    .expected = about { $usual }
    .fix = Check the figure; if it is right, nothing is to be done.
X13-copied = { $chemical }: every total is that of { $year }.
    .expected = the totals of this year
    .received = the totals of { $year }
    .fix = Look whether last year's record was sent again; if the figures are right, nothing is to be done.
X13-swapped = { $chemical }: imports are as exports were in { $year }, and the reverse. Columns swapped?
    .expected = imports about { $imported }, exports about { $exported }
    .fix = Check which column is which, with the countries below; if they are right, explain.

## Answers and amendments

A1 = Every answer reaches the finding that it answers
    .why = A finding to explain can be answered with a reason, which travels inside the declaration. An answer holds for one rule at one place, up to its last year; when rows are renamed, figures corrected or years go by, it may reach nothing any more. Then it is told, so that no reason stands unread.
A1-unfit = The answer to { $rule } reaches no finding.
    .expected = an open finding of { $rule } at { $place }
    .received = none
    .fix = Remove the answer, or give it again for the place that is found now: sextant answer FILE.
A1-expired = The answer to { $rule } held until { $until }.
    .expected = an answer that holds for the reporting year
    .received = one that holds until { $until }
    .fix = See whether the reason still holds, and answer again: sextant answer FILE.
A1-must-fix = What { $rule } finds must be fixed; an answer does not settle it.
    .expected = a correction at { $place }
    .received = an answer
    .fix = Correct the place and remove the answer.

A2 = An amendment or withdrawal names the version that holds
    .why = An amendment lists changed places of one version; applied to another version, it would change something else. Each change says what stood there before, so that nobody amends what he has not seen.
A2-unknown = { $id } is not among the filings that were compared.
    .expected = version { $version } of { $id } among the State's filings
    .received = nothing
    .fix = Check it together with what it names: sextant check FILE --with OTHER.
A2-version = Another version of { $id } holds.
    .expected = { $holding }
    .fix = Make it again, from the version that holds.
A2-filing = { $id } is itself an amendment or a withdrawal.
    .expected = a declaration that something is declared in
    .fix = Amend the declaration again that it is about.
A2-place = { $place } does not hold what the amendment says stood there.
    .expected = { $expected }
    .fix = Make the amendment again, from the version that it amends: sextant diff OLD NEW --as-amendment REASON.

## The register

REG-0 = A declaration is of a size that can be worked through
    .why = The register reads a declaration whole. One that is larger than its bound is not read; of one with more findings than a person can work through, the first are shown.
REG-1 = A State is declared for by its own National Authority
    .why = Each State Party designates one National Authority as its contact point; nobody else declares for it.
REG-2 = Versions of a declaration follow one another
    .why = What was registered is never overwritten. A correction is a higher version, or an amendment of the version that is registered.
REG-3 = A declaration keeps its kind
    .why = A number stands for one declaration. Another kind of declaration has a number of its own.
REG-4 = An amendment or withdrawal names the version that is registered last
    .why = An amendment gives the next version. Two amendments of one version would give two next versions, and nobody could say which one holds.
REG-5 = All filings that matter are compared
    .why = A declaration is compared with what its State has filed. Where that is more than the register reads at once, the newest are compared, and this is told.
REG-6 = A package of documents can be read
    .why = Several documents travel in one package with a list of them. Where list and documents do not fit together, nobody could say what was declared; so nothing of it is taken.
REG-7 = Attachments are documents that may be opened
    .why = Attachments are kept as they come and never unpacked. An archive that would write too much, or outside of its folder, or that hides another one, is left closed.
REG-8 = The files that a declaration names are those that come with it
    .why = A declaration lists its attachments with their digests. Where documents travel along, each is compared, so that nobody reads another file than the one that was meant.
