# English is the language of the contract's texts: these words travel in receipts.
# A message named like a rule is its title; `why` explains it. `RULE-way` words one way to break it.

## Structure

S0 = The document has the form of its kind
    .why = Each kind of declaration has a published schema. What does not fit it cannot be read without guessing, so it is told and not guessed.

## Formats

F1 = CAS numbers have their check digit
    .why = The last digit of a CAS number is computed from the others. A number whose last digit does not fit was mistyped, and names another chemical or none.
F1-mistyped = The CAS number of { $name } is mistyped.
    .expected = digits-digits-digit, the last one being the check digit
    .fix = Copy the CAS number again from its source.

F2 = CAS number and schedule agree
    .why = The Annex on Chemicals lists most chemicals by CAS number. Families have members that it does not list: then the structure says that the chemical belongs to the family.
F2-unlisted = The CAS number of { $name } stands in no schedule. Is it a member of a family?
    .expected = a CAS number of the Annex on Chemicals, or a member of one of its families
    .fix = Correct the number, or give the entry and the structure of the family member and explain.
F2-schedule = { $name } stands in another part of the schedules.
    .expected = { $schedule }
    .fix = Correct the schedule or the CAS number.

F3 = State codes exist, and partners are other States
    .why = States are named by their ISO 3166-1 alpha-3 codes as they were at the end of the reporting year. A State does not import from itself.
F3-unknown = { $code } was no State code at the end of { $year }.
    .expected = a code of the list of States
    .fix = Look the code up: sextant codes search NAME.
F3-self = A State does not trade with itself.
    .expected = another State than { $state }
    .fix = Name the other State.

F4 = Amounts are plausible numbers
    .why = Nothing weighs less than nothing, and nobody measures tonnes to the gram. Too many digits are often a sign of a wrong unit.
F4-negative = An amount is negative.
    .expected = zero or more
    .fix = Correct the sign.
F4-precise = An amount is given with more digits than anybody measures.
    .expected = at most { $digits } significant digits
    .fix = Round it, or explain the precision.

F5 = Years and days lie within what is reported on
    .why = Schedule 2 looks back three years; all other figures belong to the reporting year.
F5-look-back = The look-back covers the two years before the reporting year.
    .expected = { $first } or { $last }
    .fix = Correct the year.

F6 = Exempt chemicals are not declared
    .why = The Annex on Chemicals names a few chemicals that fit a family of Schedule 2 and are exempt from it.
F6-exempt = { $name } is exempt from Schedule 2 and is not declared.
    .expected = a chemical that is not exempt
    .fix = Remove this chemical.

F7 = Codes stand in their lists
    .why = Activities, purposes, product groups and ranges are told by codes, so that declarations can be compared.
F7-activities = { $code } is no code of the list of activities.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list activities.
F7-purposes = { $code } is no code of the list of purposes.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list purposes.
F7-product_groups = { $code } is no code of the list of product groups.
    .expected = { $allowed }
    .fix = Choose a code of the list: sextant codes list product_groups.
F7-ranges = { $code } is no range of this regime.
    .expected = { $allowed }
    .fix = Choose a range of the list: sextant codes list ranges.

F8 = A site lies in the State that declares it
    .why = A State declares what is on its territory or in any other place under its jurisdiction or control.
F8-elsewhere = The address lies in another State than declares it.
    .expected = { $state }
    .fix = Correct the country, or explain under whose jurisdiction the place is.

## Completeness

C4 = A Schedule 2 plant site is complete
    .why = Each site has at least one plant, each plant a chemical and an activity, each chemical a purpose, a capacity and its quantities.
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

C5 = An OCPF site says why it is listed
    .why = A site is listed for its discrete organic chemicals, for its PSF plants, or for both; PSF plants are counted exactly.
C5-no-range = Site { $site } says neither a DOC range nor a PSF plant.
    .expected = doc_range, or psf_plants, or both
    .received = nothing
    .fix = Say why the site is on the list.
C5-count = The number of PSF plants is not the number listed.
    .expected = { $count }
    .fix = Correct the number or the list.

C8 = Attachments are all there
    .why = Whoever receives the declaration must see whether a part of it is missing.
C8-count = The number of parts is not the number of attachments.
    .expected = { $count }
    .fix = Correct the number, or attach what is missing.

C9 = Aggregate national data have every total
    .why = The treaty asks for each total of each chemical. A blank cannot be told from a forgotten figure; nil says that there was none.
C9-total = { $chemical }: { $field } is blank.
    .expected = an amount, or nil, not-applicable or unknown
    .received = blank
    .fix = Say which kind of nothing it is: nil where there was none.
C9-row = { $state }: the quantity is blank.
    .expected = an amount, or nil, not-applicable or unknown
    .received = blank
    .fix = Give the quantity, or say that it is less than the threshold.

## Thresholds

T1 = A declared Schedule 2 plant is above a threshold
    .why = A plant is declared when it produced, processed or consumed more than the threshold in one of the last three years, or plans to next year.
T1-below = Plant { $plant } stays below the threshold in every year given.
    .expected = one chemical above its threshold in one of the last three years
    .fix = Add the earlier years, or say that next year's plan is the reason.

T2 = Rows below their threshold may be left out
    .why = The treaty asks for data on chemicals above the threshold.
T2-below = { $chemical } is below its threshold; it may be left out.
    .expected = more than { $threshold }
    .fix = Leave it, or remove it.

T3 = The statement on the verification threshold fits the amounts
    .why = Sites above the verification threshold can be inspected, so the statement must follow from the figures.
T3-above = The site says that it is not above the verification threshold; its amounts are.
    .expected = true
    .fix = Correct the statement or the amounts.
T3-below = The site says that it is above the verification threshold; its amounts are not.
    .expected = false
    .fix = Correct the statement, or explain by next year's plan.

T10 = Partners of transfers are States Parties
    .why = Schedule 2 chemicals go to and come from States Parties only. Schedule 3 exports to other States need an end-use certificate.
T10-schedule-2 = Schedule 2 trade with { $state }, which is no State Party.
    .expected = a State Party
    .fix = Check the partner, or explain under which exception it was allowed.
T10-certificate = Schedule 3 export to { $state } without an end-use certificate.
    .expected = the reference of the certificate
    .received = nothing
    .fix = Add the reference of the end-use certificate.

## Cross-checks

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
