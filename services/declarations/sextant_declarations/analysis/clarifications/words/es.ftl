ask = Sírvase explicar este punto o enviar una enmienda.
place = Sírvase explicar lo que la declaración indica en este lugar o enviar una enmienda.
whole = Sírvase explicar esta declaración o enviar una enmienda.
extended-subject = Plazo ampliado: pregunta { $request } sobre { $declaration }, ahora hasta el { $until }
extended-text = El plazo para responder a la pregunta { $request } sobre la declaración { $declaration } se amplía hasta el { $until }. La pregunta misma no cambia. Si la respuesta se ha enviado entretanto, esta carta no requiere respuesta.
