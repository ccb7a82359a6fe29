ask = Please explain this, or send an amendment.
place = Please explain what the declaration says in this place, or send an amendment.
whole = Please explain this declaration, or send an amendment.
extended-subject = More time: question { $request } about { $declaration }, now until { $until }
extended-text = The time for the answer to question { $request } about the declaration { $declaration } is extended until { $until }. The question itself is unchanged. If the answer was sent meanwhile, this letter needs no answer.
