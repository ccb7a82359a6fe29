ask = Veuillez expliquer ce point ou envoyer une modification.
place = Veuillez expliquer ce que la déclaration indique à cet endroit ou envoyer une modification.
whole = Veuillez expliquer cette déclaration ou envoyer une modification.
extended-subject = Délai prolongé : question { $request } sur { $declaration }, désormais jusqu’au { $until }
extended-text = Le délai de réponse à la question { $request } sur la déclaration { $declaration } est prolongé jusqu’au { $until }. La question elle-même reste inchangée. Si la réponse a été envoyée entre-temps, cette lettre n’appelle pas de réponse.
