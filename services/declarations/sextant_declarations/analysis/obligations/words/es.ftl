ahead-subject = Recordatorio: { $title }, { $period }, vence el { $due }
ahead-text = La declaración «{ $title }» ({ $kind }) correspondiente a { $period } vence el { $due } conforme a { $law }. Aún no se ha recibido. Si no hay nada que declarar, basta una declaración nula; si va a retrasarse, sírvase enviar un aviso con el motivo y la fecha prevista. Si se ha enviado entretanto, esta carta no requiere respuesta.
past-subject = Recordatorio: { $title }, { $period }, venció el { $due }
past-text = La declaración «{ $title }» ({ $kind }) correspondiente a { $period } venció el { $due } conforme a { $law }. No se ha recibido. Sírvase enviarla, enviar una declaración nula o indicar cuándo llegará. Si se ha enviado entretanto, esta carta no requiere respuesta.
