ask = 请对此作出说明，或提交修正。
place = 请说明宣布在此处的内容，或提交修正。
whole = 请说明该宣布，或提交修正。
extended-subject = 延长期限：关于 { $declaration } 的问题 { $request }，现延至 { $until }
extended-text = 关于宣布 { $declaration } 的问题 { $request } 的答复期限延长至 { $until }。问题本身不变。如已答复，无需回复此函。
