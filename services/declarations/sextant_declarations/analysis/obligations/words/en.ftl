ahead-subject = Reminder: { $title }, { $period }, due { $due }
ahead-text = The declaration «{ $title }» ({ $kind }) for { $period } is due on { $due } under { $law }. It has not been received yet. If there is nothing to declare, a nil declaration closes this; if it will be late, please send a notice with the reason and the expected day. If it was sent meanwhile, this letter needs no answer.
past-subject = Reminder: { $title }, { $period }, was due { $due }
past-text = The declaration «{ $title }» ({ $kind }) for { $period } was due on { $due } under { $law }. It has not been received. Please send it, a nil declaration, or word on when it will come. If it was sent meanwhile, this letter needs no answer.
