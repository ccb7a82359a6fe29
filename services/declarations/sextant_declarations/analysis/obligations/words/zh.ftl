ahead-subject = 提醒：{ $title }，{ $period }，到期日 { $due }
ahead-text = 根据 { $law }，{ $period } 的宣布“{ $title }”（{ $kind }）应于 { $due } 之前提交，目前尚未收到。如无可宣布事项，提交零宣布即可；如将延迟，请发送通知说明原因和预计日期。如已在此期间发送，则无需回复本函。
past-subject = 提醒：{ $title }，{ $period }，已于 { $due } 到期
past-text = 根据 { $law }，{ $period } 的宣布“{ $title }”（{ $kind }）应于 { $due } 之前提交，至今未收到。请提交该宣布或零宣布，或告知何时提交。如已在此期间发送，则无需回复本函。
