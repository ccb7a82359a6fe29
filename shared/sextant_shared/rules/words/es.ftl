# Drafted by machine; not yet reviewed by a person.
# El español, a partir del inglés, idioma de los textos del contrato: las palabras inglesas son las que viajan en los acuses de recibo.
# Un mensaje que se llama como una regla es su título; `why` la explica. `REGLA-caso` enuncia una forma de no cumplirla.

## Estructura

S0 = El documento tiene la forma de su tipo
    .why = Cada tipo de declaración tiene un esquema publicado. Lo que no se ajusta a él no puede leerse sin adivinar; por eso se señala y no se adivina.
S0Expected = { $what ->
        [amount] un valor y una unidad ({ $allowed }), o la razón por la que no los hay
        [choice] una de las respuestas siguientes: { $allowed }
        [code] un código: letras mayúsculas, cifras, - y _, 32 caracteres como máximo
        [day] una fecha, escrita YYYY-MM-DD (año, mes, día)
        [decimal] un número entre comillas rectas, con un punto y ningún otro signo, por ejemplo "1250.5"
        [digest] 64 cifras hexadecimales, en letras minúsculas
        [group] un grupo de campos: { $allowed }
        [integer] un número entero, sin comillas
        [kind] un tipo de declaración: sextant new --list
        [latitude] grados norte, entre comillas rectas, por ejemplo "52.0907" o "-33.45"
        [letters] tres letras mayúsculas
        [list] una lista; si no hay nada que enumerar, []
        [longitude] grados este, entre comillas rectas, por ejemplo "4.3007" o "-70.66"
        [money] un valor y una unidad (una moneda, por ejemplo EUR), o la razón por la que no los hay
        [number] de 3 a 64 letras, cifras, puntos, - y _
        [pointer] el lugar como puntero JSON, por ejemplo /records/0/produced
        [rule] una regla, por ejemplo X4: sextant rules list
        [schema] sextant., el tipo y su versión, por ejemplo sextant.s2-and/1
        [state] un código de Estado de tres letras mayúsculas
        [text] un texto
        [truth] true o false, sin comillas
        [way] la forma en que la regla no se cumple, tal como la nombra la observación: letras minúsculas, cifras, - y _
       *[other] lo que el esquema del tipo pide aquí
    }
S0-unreadable = Este documento no puede leerse: { $reason }.
    .expected = { $expected }
    .received = octetos de otra forma
    .fix = Exporte de nuevo la declaración y envíe ese archivo.
S0-kind = Este no es un tipo de declaración que se transmita aquí.
    .expected = { $allowed }
    .received = nada
    .fix = { $nearest ->
        [none] Indique el tipo de declaración.
       *[other] Escriba { $nearest }, si es eso lo que se quería decir.
    }
S0-schema = Este esquema no corresponde a este tipo de declaración.
    .expected = { $allowed }
    .received = nada
    .fix = Indique el esquema de este tipo, en una versión que se conozca aquí.
S0-missing = Este elemento debe rellenarse.
    .expected = { S0Expected }
    .received = nada
    .fix = { $what ->
        [amount] Añádalo. Cero se escribe "0" con su unidad; si no hubo actividad de esa clase, indique nil; si la cantidad no se conoce, unknown.
       *[other] Añádalo.
    }
S0-blank = Este elemento está en blanco.
    .expected = { S0Expected }
    .received = en blanco
    .fix = { $what ->
        [amount] Cero se escribe "0" con su unidad; si no hubo actividad de esa clase, indique nil; si la cantidad no se conoce, unknown.
        [decimal] Cero se escribe "0"; si no hubo actividad de esa clase, indique nil en lugar del valor y la unidad; si la cantidad no se conoce, unknown.
        [list] Escriba [], u omita este campo.
       *[other] Rellénelo.
    }
S0-type = Lo que figura aquí no es de la clase que se pide.
    .expected = { S0Expected }
    .fix = Escríbalo en la forma que se espera.
S0-form = Lo que figura aquí no tiene la forma que se pide.
    .expected = { S0Expected }
    .fix = Escríbalo en la forma que se espera.
S0-choice = Esta no es ninguna de las respuestas posibles.
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] Elija una de las respuestas.
       *[other] Escriba { $nearest }, si es eso lo que se quería decir.
    }
S0-unknown = Aquí no hay ningún elemento con el nombre { $name }.
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] Elimínelo, o escríbalo con el nombre que le da el esquema.
       *[other] Escriba { $nearest }, si es eso lo que se quería decir.
    }
S0-long = Este texto es demasiado largo.
    .expected = { $limit } caracteres como máximo
    .fix = Acórtelo, o adjúntelo como archivo.
S0-few = La lista es demasiado corta.
    .expected = al menos { $limit }
    .fix = Añada lo que falta.
S0-many = La lista es demasiado larga.
    .expected = como máximo { $limit }
    .fix = Divida la declaración, o pregunte a la Secretaría cómo hacerlo.
S0-small = El número es demasiado pequeño.
    .expected = al menos { $limit }
    .fix = Corrija el número.
S0-large = El número es demasiado grande.
    .expected = como máximo { $limit }
    .fix = Corrija el número.
S0-day = Esta fecha no existe en el calendario.
    .expected = una fecha, escrita YYYY-MM-DD (año, mes, día)
    .fix = Escriba el año con cuatro cifras, y después el mes y el día con dos: 2025-06-30.
S0-amount = Una cantidad tiene un valor y una unidad, o la razón por la que no los hay, pero no ambas cosas.
    .expected = un valor y una unidad ({ $allowed }), o la razón (nothing): nil, not-applicable, unknown
    .fix = Indique el valor y la unidad, o bien solo nothing.

## Formatos

F1 = Los números CAS tienen su dígito de control
    .why = El último dígito de un número CAS se calcula a partir de los demás. Un número cuyo último dígito no concuerda se escribió mal: designa otra sustancia química, o ninguna.
F1-mistyped = { $name }: el número CAS está mal escrito.
    .expected = dígitos-dígitos-dígito, siendo el último el dígito de control
    .fix = Copie de nuevo el número CAS de su fuente.

F2 = El número CAS, el nombre, la Lista y la entrada concuerdan
    .why = El Anexo sobre sustancias químicas enumera la mayoría de las sustancias químicas por su nombre y su número CAS. Las familias tienen miembros que no enumera: en ese caso, la entrada y la fórmula estructural muestran que la sustancia química pertenece a la familia.
F2-schedule = { $name } figura en otra parte de las Listas.
    .expected = { $schedule }
    .received = nada
    .fix = Corrija la Lista o el número CAS.
F2-scheduled = { $name } figura en la parte { $schedule } de las Listas; aquí solo se admiten sustancias químicas que no figuran en ninguna.
    .expected = una sustancia química que no figure en ninguna Lista
    .fix = Corrija el número CAS, o declare la sustancia química donde se declara su Lista.
F2-entry = { $name } corresponde a otra entrada de la parte { $schedule }.
    .expected = { $entry }
    .fix = Corrija la entrada o el número CAS.
F2-not-yet = { $name } no figuraba todavía en las Listas en esa fecha.
    .expected = una fecha a partir de { $first }
    .fix = Corrija el año, o retire la sustancia química.
F2-name = El nombre es el de una sustancia química distinta de la del número CAS { $cas }.
    .expected = { $name }; o el número CAS { $other }
    .fix = Corrija el nombre o el número CAS.
F2-unfamiliar = La relación da otro nombre al número CAS { $cas }.
    .expected = { $name }
    .fix = Compruebe que ambos nombres designan lo mismo; se admiten otros nombres.
F2-other-cas = { $name } figura en las Listas con otro número CAS.
    .expected = { $cas }
    .fix = Corrija el número CAS o el nombre.
F2-no-cas = { $name } tiene un número CAS, y este falta.
    .expected = { $cas }
    .received = nada
    .fix = Añada el número CAS.
F2-no-family = La parte { $schedule } no tiene familias; esta sustancia química no figura en ella.
    .expected = una sustancia química de la relación: sextant codes list chemicals
    .fix = Corrija el número CAS o el nombre, o retire la sustancia química.
F2-which-family = { $name } no figura en la relación. ¿De qué familia es miembro?
    .expected = el número de una entrada de la parte { $schedule }: { $entries }
    .received = nada
    .fix = Indique la entrada, o corrija el número CAS.
F2-single = Esta entrada de la parte { $schedule } no es una familia, y la sustancia química no es la que designa.
    .expected = una familia: { $entries }
    .fix = Corrija la entrada, o el número CAS y el nombre.
F2-no-structure = { $name }: falta la fórmula estructural; sin ella nada muestra que pertenece a la familia.
    .expected = SMILES o InChI, o un dibujo
    .received = nada
    .fix = Indique la fórmula estructural, o adjunte un dibujo.
F2-member = { $name }: según su fórmula estructural, esta sustancia química se considera miembro de la familia { $schedule }({ $entry }).
    .expected = un número CAS de la relación, o la entrada y la fórmula estructural
    .fix = Nada, si el número CAS es correcto.
F2-salt = { $name }: ninguna entrada abarca las sales de esta base.
    .expected = una base cuya entrada diga «y las sales correspondientes»
    .fix = Corrija la base, o retire la sustancia química.

F3 = Los códigos de Estado existen, y los asociados son otros Estados
    .why = Los Estados se designan por sus códigos ISO 3166-1 alpha-3, tal como eran el día del hecho o al final del año que se declara. Un Estado no comercia consigo mismo y solo notifica sus propias transferencias.
F3-unknown = { $code } no era un código de Estado en la fecha { $day }.
    .expected = un código de la lista de Estados
    .fix = Busque el código: sextant codes search NAME.
F3-self = Un Estado no comercia consigo mismo.
    .expected = un Estado distinto de { $state }
    .fix = Indique el otro Estado.
F3-stranger = El Estado que notifica no es ni el remitente ni el destinatario de esta transferencia.
    .expected = { $state } como remitente o destinatario
    .fix = Corrija los Estados de la transferencia.

F4 = Las cantidades son números verosímiles
    .why = Nada pesa menos que nada, y nadie mide toneladas con precisión de gramos. Demasiadas cifras suelen ser señal de una unidad equivocada.
F4-negative = Una cantidad es negativa.
    .expected = cero o más
    .fix = Corrija el signo.
F4-precise = Una cantidad se da con más cifras de las que pueden medirse.
    .expected = como máximo { $digits } cifras significativas
    .fix = Redondéela, o explique esa precisión.

F5 = Los años y las fechas están dentro del período que se declara
    .why = Para la Lista 2, la declaración abarca los tres últimos años; las actividades previstas y las transferencias corresponden al año para el que se declaran; la producción pasada destinada a armas químicas cuenta desde el 1º de enero de 1946; nada comienza después de su fin.
F5-look-back = Los años anteriores que se indican son los dos que preceden al año que se declara.
    .expected = { $first } o { $last }
    .fix = Corrija el año.
F5-twice = { $name }: el año { $year } figura dos veces entre los años anteriores.
    .expected = cada año una sola vez
    .fix = Corrija uno de los años.
F5-reversed = El fin es anterior al comienzo.
    .expected = un comienzo anterior o igual al fin
    .fix = Intercambie las fechas, o corrija una de ellas.
F5-outside-year = El período está fuera del año que se declara.
    .expected = fechas del año { $year }
    .fix = Corrija las fechas; lo que corresponde a otro año se declara para ese año.
F5-period = El período anual de destrucción comienza en un año distinto del que se declara.
    .expected = un comienzo en { $year }
    .fix = Corrija el período o el año.
F5-transfer-day = La transferencia está fuera del año que se declara.
    .expected = una fecha del año { $year }
    .fix = Corrija la fecha, o declare la transferencia para su propio año.
F5-before-begin = La actividad comienza antes de la fecha que se da como su inicio.
    .expected = { $begin } o una fecha posterior
    .fix = Corrija esta fecha, o event_date.
F5-past-cw = Estos datos se piden desde 1946 hasta la entrada en vigor.
    .expected = de { $first } a { $last }
    .fix = Corrija las fechas.
F5-before-convention = Esto es anterior a la entrada en vigor de la Convención.
    .expected = { $first } o más tarde
    .fix = Corrija la fecha, o explíquela.
F5-previous-year = Una declaración inicial se refiere al año anterior a la entrada en vigor.
    .expected = { $year }
    .fix = Corrija el año, o explique cuál fue el último año completo.
F5-not-late = La declaración se anuncia para antes de su vencimiento: por tanto, no llega tarde.
    .expected = una fecha posterior a { $due }
    .fix = Corrija una de las fechas, o no envíe este aviso.

F6 = Las sustancias químicas exentas no se declaran
    .why = El Anexo sobre sustancias químicas nombra algunas sustancias químicas que corresponden a una familia de la Lista 2 y están exentas de ella, algunas con sus sales.
F6-exempt = { $name }: esta sustancia química está exenta de la Lista 2 y no se declara.
    .expected = una sustancia química que no esté exenta
    .fix = Retire esta sustancia química.
F6-salt = { $name }: sus sales están exentas de la Lista 2 y no se declaran.
    .expected = una sustancia química que no esté exenta
    .fix = Retire esta sustancia química.

F7 = Los códigos figuran en sus listas
    .why = Las actividades, los fines, los grupos de productos, las escalas, los motivos y las causas se indican con códigos, para que las declaraciones puedan compararse.
F7-activities = { $code } no figura en la lista de códigos de actividades.
    .expected = { $allowed }
    .fix = Elija un código de la lista: sextant codes list activities.
F7-purposes = { $code } no figura en la lista de códigos de fines.
    .expected = { $allowed }
    .fix = Elija un código de la lista: sextant codes list purposes.
F7-product_groups = { $code } no figura en la lista de códigos de grupos de productos.
    .expected = { $allowed }
    .fix = Elija un código de la lista: sextant codes list product_groups.
F7-amendment_reasons = { $code } no figura en la lista de códigos de motivos.
    .expected = { $allowed }
    .fix = Elija un código de la lista: sextant codes list amendment_reasons.
F7-transfer_causes = { $code } no figura en la lista de códigos de causas.
    .expected = { $allowed }
    .fix = Elija un código de la lista: sextant codes list transfer_causes.
F7-ranges = { $code } no es una escala de este régimen.
    .expected = { $allowed }
    .fix = Elija una escala de la lista: sextant codes list ranges.
F7-regime = { $code } pertenece a otra Lista.
    .expected = { $allowed }
    .fix = Elija un código de la Lista que se declara.
F7-kind = { $code } no es un tipo de declaración.
    .expected = un tipo del catálogo: sextant new --list
    .fix = Indique el tipo de declaración que llegará tarde.

F8 = Un complejo está en el Estado que lo declara, y cada interviniente en su Estado
    .why = Un Estado declara lo que se encuentra en su territorio o en cualquier otro lugar bajo su jurisdicción o control. Quien envía o recibe una transferencia está en el Estado que envía o recibe.
F8-elsewhere = La dirección está en un Estado distinto del que declara.
    .expected = { $state }
    .fix = Corrija el país, o explique bajo qué jurisdicción está el lugar.
F8-party = La dirección está en un Estado distinto del que la transferencia indica de este lado.
    .expected = { $state }
    .fix = Corrija el país o los Estados de la transferencia, o explique la diferencia.

F9 = Las unidades son las de la Lista
    .why = La Lista 1 se declara en gramos; las Listas 2 y 3, en toneladas. Otra unidad suele ser un error de un factor de mil.
F9-schedule-1 = La Lista 1 no se declara en esta unidad.
    .expected = { $allowed }
    .fix = Convierta la cantidad, o corrija la unidad.
F9-schedules-2-3 = Las Listas 2 y 3 no se declaran en esta unidad.
    .expected = { $allowed }
    .fix = Convierta la cantidad, o corrija la unidad.

F10 = Las coordenadas están en la Tierra
    .why = La ubicación exacta se da en grados norte y este; un valor imposible suele deberse a que ambos se intercambiaron.
F10-latitude = Ningún lugar tiene esta latitud.
    .expected = de -{ $limit } a { $limit }
    .fix = Corrija la latitud; mire si se intercambió con la longitud.
F10-longitude = Ningún lugar tiene esta longitud.
    .expected = de -{ $limit } a { $limit }
    .fix = Corrija la longitud.

## Integridad

C1 = Lo que se repite cada año figura este año
    .why = La mayoría de las declaraciones deben presentarse cada año. Cuando esta vez no hay nada que declarar, una declaración negativa (nil) lo dice; el silencio parece un olvido.
C1-again = { $state } no declara { $kind } para { $year }, aunque lo declaró para el año anterior.
    .expected = { $kind } para { $year }, o una declaración negativa (nil)
    .received = nada
    .fix = Envíe la declaración, o una declaración negativa (nil) que la abarque. El año anterior fue { $number }.
C1-facility = { $state } no declara { $kind } de la instalación { $site } para { $year }.
    .expected = { $kind } de { $site } para { $year }
    .received = nada
    .fix = Envíe la declaración, o retire la instalación si se cerró. La obligación se deriva de { $number }.
C1-sites = { $state } declara complejos industriales para { $year }, pero no { $kind }.
    .expected = { $kind } para { $year }: lo que hace un complejo industrial cuenta para el Estado
    .received = nada
    .fix = Envíe los datos nacionales totales. El complejo industrial figura en { $number }.
C1-notices = { $state } notificó transferencias en { $year }, y no envió { $kind }.
    .expected = { $kind } para { $year }
    .received = nada
    .fix = Envíe la lista anual de transferencias. Una de las notificaciones es { $number }.
C1-nil = { $state } presenta una declaración negativa (nil) sobre { $scope } para { $year }, y también declara { $kind }.
    .expected = o la una o la otra
    .received = ambas
    .fix = Modifique la declaración negativa (nil), o retire { $number }.

C2 = Una planta de la Lista 2 se declara hasta que hayan pasado tres años
    .why = Una planta que superó el umbral en alguno de los tres últimos años se declara, aunque ya no tenga actividad; sus cantidades pueden ser cero.
C2-site = { $state } no declara { $kind } de { $site } para { $year }, aunque se superó el umbral en { $active }.
    .expected = { $kind } de { $site } para { $year }, con nil como cantidad donde no hubo nada
    .received = nada
    .fix = Envíe la declaración, o retire el complejo industrial si se cerró. Los datos anteriores figuran en { $number }.
C2-plant = { $site } se declara para { $year } sin la planta { $plant }, que superó el umbral en { $active }.
    .expected = la planta { $plant } en { $kind } de { $site }
    .received = nada
    .fix = Añada la planta, con nil como cantidad donde no hubo nada. Los datos anteriores figuran en { $number }.

C3 = De lo que estaba previsto se da cuenta
    .why = Un complejo industrial con actividades previstas para un año se declara también después de ese año, o se dice por qué no.
C3-planned = { $state } declaró actividades previstas de { $site } para { $year }, y no envía { $kind } sobre ese complejo.
    .expected = { $kind } de { $site } para { $year }
    .received = nada
    .fix = Envíe la declaración, o explique que las actividades previstas no se realizaron. Se anunciaron en { $number }.

C4 = La declaración de un complejo industrial de la Lista 2 está completa
    .why = Cada complejo tiene al menos una planta; cada planta, una sustancia química y una actividad; cada sustancia química, un fin, una capacidad y sus cantidades; lo que está previsto tiene sus períodos.
C4-no-plant = El complejo no tiene ninguna planta.
    .expected = al menos una planta
    .received = nada
    .fix = Añada las plantas.
C4-no-chemical = La planta { $plant } no tiene ninguna sustancia química.
    .expected = al menos una sustancia química
    .received = nada
    .fix = Añada las sustancias químicas de la Lista 2 de esta planta.
C4-no-activity = La planta { $plant } no tiene ninguna actividad.
    .expected = PRODUCE, PROCESS o CONSUME
    .received = nada
    .fix = Indique lo que hace la planta.
C4-no-purpose = { $chemical }: no se indica ningún fin.
    .expected = al menos un fin
    .received = nada
    .fix = Añada el fin.
C4-no-capacity = { $chemical }: no se indica la capacidad de producción.
    .expected = toneladas por año, o not-applicable si no se produce
    .received = nada
    .fix = Añada la capacidad nominal o, en su defecto, la capacidad según el diseño.
C4-blank = { $chemical }: «{ $field }» está en blanco.
    .expected = una cantidad, o nil, not-applicable o unknown
    .received = en blanco
    .fix = Indique de qué clase de ausencia se trata: nil si no hubo ninguna cantidad.
C4-no-look-back = { $chemical }: la declaración inicial no abarca tres años.
    .expected = los dos años anteriores al año que se declara
    .received = nada
    .fix = Añada los años anteriores, con nil donde no hubo nada.
C4-no-period = { $chemical }: la actividad prevista { $activity } no tiene período.
    .expected = desde cuándo hasta cuándo
    .received = nada
    .fix = Añada el período de esta actividad.

C5 = Un complejo OCPF (otras instalaciones de producción de sustancias químicas) dice por qué figura en la lista
    .why = Un complejo figura en la lista por sus sustancias químicas orgánicas definidas (DOC), por sus plantas PSF o por ambas; las plantas PSF se cuentan con exactitud. Cada complejo y cada planta figura una sola vez en la lista.
C5-no-range = El complejo { $site } no indica ni una escala DOC ni una planta PSF.
    .expected = doc_range, o psf_plants, o ambos
    .received = nada
    .fix = Indique por qué el complejo figura en la lista.
C5-count = El número de plantas PSF no es el de las plantas enumeradas.
    .expected = { $count }
    .fix = Corrija el número o la lista.
C5-no-plants = El complejo { $site } figura sin ninguna planta que produzca esas sustancias químicas.
    .expected = el número aproximado de plantas que las producen
    .fix = Indique el número aproximado de plantas.
C5-site-twice = El complejo { $site } figura dos veces en la lista.
    .expected = cada complejo industrial una sola vez
    .fix = Retire una de las inscripciones, o corrija su código.
C5-plant-twice = La planta { $plant } figura dos veces en el complejo.
    .expected = cada planta PSF una sola vez
    .fix = Retire una de las inscripciones, o corrija su código.

C6 = Los formularios de la Lista 2 y de la Lista 3 de un complejo cuentan cada uno las plantas del otro
    .why = Cada uno de los dos formularios dice cuántas plantas del mismo complejo declara el otro.
C6-count = { $site }: el número de plantas no es el del otro formulario del complejo.
    .expected = { $count }
    .fix = Corrija el número, o las plantas del otro formulario.
C6-no-form = { $site }: se cuentan plantas que ningún otro formulario de este complejo declara.
    .expected = { $count }, o el otro formulario de este complejo
    .fix = Envíe el otro formulario, o corrija el número.

C7 = Un Estado notificó cada transferencia de su lista
    .why = Cada transferencia de una sustancia química de la Lista 1 se notifica antes de realizarse, por ambos Estados. La lista anual recoge lo que las notificaciones debían haber anunciado.
C7-unnoticed = { $chemical }: no hay notificación de la transferencia con { $state } en la fecha { $day }.
    .expected = una notificación de este Estado, enviada antes de la transferencia
    .received = nada
    .fix = Envíe la notificación, aunque sea tarde, o corrija el Estado, la fecha o la sustancia química de la lista.

C8 = Los adjuntos están todos
    .why = Quien recibe la declaración debe ver si falta alguna parte.
C8-count = El número de partes no es el número de adjuntos.
    .expected = { $count }
    .fix = Corrija el número, o adjunte lo que falta.
C8-twice = Dos adjuntos llevan el nombre { $file }.
    .expected = un nombre para cada uno, con el que los campos se refieran a él
    .fix = Cambie el nombre de uno de ellos, también donde se hace referencia a él.
C8-missing = Ningún adjunto lleva el nombre { $file }.
    .expected = el nombre de un adjunto de esta declaración
    .fix = Adjunte el archivo, o corrija el nombre.

C9 = Los datos nacionales totales contienen cada total, una sola vez
    .why = El tratado pide cada total de cada sustancia química. Un campo en blanco no se distingue de un dato olvidado; nil dice que no hubo ninguno. Una sustancia química o un Estado que figura dos veces puede contarse dos veces.
C9-total = { $chemical }: «{ $field }» está en blanco.
    .expected = una cantidad, o nil, not-applicable o unknown
    .received = en blanco
    .fix = Indique de qué clase de ausencia se trata: nil si no hubo ninguna cantidad.
C9-row = { $state }: la cantidad está en blanco.
    .expected = una cantidad, o nil, not-applicable o unknown
    .received = en blanco
    .fix = Indique la cantidad, o diga que es inferior al umbral.
C9-twice = { $chemical } figura en dos fichas.
    .expected = una ficha por sustancia química
    .fix = Una las dos fichas, o corrija la sustancia química.
C9-state-twice = { $chemical }: { $state } figura en dos filas.
    .expected = una fila por Estado
    .fix = Una las dos filas, o corrija el Estado.

## Umbrales

T1 = Una planta declarada de la Lista 2 supera un umbral
    .why = Una planta se declara cuando produjo, elaboró o consumió más que el umbral en alguno de los tres últimos años, o prevé hacerlo el año siguiente. Una cantidad igual al umbral no lo supera. Aquí no puede verse si se dejaron fuera cantidades contenidas en mezclas de baja concentración: ningún campo pide las concentraciones.
T1-below = La planta { $plant } queda por debajo del umbral en todos los años indicados.
    .expected = una sustancia química por encima de su umbral en alguno de los tres últimos años, o que se prevea así
    .fix = Añada los años anteriores, o diga que la razón son las actividades previstas para el año siguiente.
T1-sum = La planta { $plant } supera el umbral solo si se suman sus actividades.
    .expected = una actividad por encima del umbral
    .fix = Nada; no está resuelto si las actividades se suman.
T1-plan = La planta { $plant } no prevé nada por encima de un umbral.
    .expected = una sustancia química por encima de su umbral, prevista o en alguno de los tres años anteriores
    .fix = Corrija las actividades previstas, o diga que la razón es un año anterior.

T2 = Las filas inferiores a su umbral pueden omitirse
    .why = El tratado pide datos sobre las sustancias químicas por encima del umbral, tanto en los totales nacionales como para las plantas, y para las instalaciones de investigación y médicas por encima de 100 gramos.
T2-below = { $chemical }: la cantidad es inferior al umbral; puede omitirse.
    .expected = más de { $threshold }
    .fix = Déjela, o retírela.
T2-record = { $chemical }: ningún total nacional supera el umbral; la ficha puede omitirse.
    .expected = más de { $threshold }
    .fix = Déjela, o retírela.
T2-facility = La instalación { $facility } queda dentro de lo que no es preciso declarar.
    .expected = más de { $threshold }
    .fix = Déjela, o no declare la instalación.

T3 = La indicación sobre el umbral de verificación concuerda con las cantidades
    .why = Los complejos por encima del umbral de verificación pueden ser inspeccionados; por eso la indicación debe desprenderse de los datos. Las escalas dejan abiertas algunas sumas: dos sustancias químicas de la Lista 3 de la escala más baja pueden estar juntas por encima o por debajo de 200 toneladas; entonces solo el complejo lo sabe.
T3-above = El complejo indica que no supera el umbral de verificación; sus cantidades lo superan.
    .expected = true
    .fix = Corrija la indicación o las cantidades.
T3-below = El complejo indica que supera el umbral de verificación; sus cantidades no lo superan.
    .expected = false
    .fix = Corrija la indicación, o explíquela por otro año del período considerado.
T3-no-psf = El complejo indica que una planta PSF supera el umbral de verificación, y no tiene ninguna.
    .expected = ninguna indicación, o las plantas PSF
    .fix = Retire la indicación, o añada las plantas PSF.

T4 = Una fila de la Lista 3 significa más de 30 toneladas
    .why = Las plantas se declaran por las sustancias químicas de las que produjeron más de 30 toneladas; por eso, un Estado que en total no produjo más que eso no tiene ninguna planta así.
T4-site = { $chemical }: la planta declara más de lo que el Estado produjo en total.
    .expected = más de { $least } en el total nacional, que es { $total }
    .fix = Corrija la escala, o modifique los datos nacionales totales.
T4-national = { $chemical }: el total nacional es inferior a lo que produjo una sola planta declarada.
    .expected = más de { $least }, producido en el complejo { $site }
    .fix = Corrija el total, o modifique la declaración del complejo industrial.

T5 = Las instalaciones de la Lista 1 respetan su número y su tamaño
    .why = Un Estado tiene una instalación única en pequeña escala y, fuera de ella, una instalación con fines de protección. Las instalaciones distintas de la instalación única en pequeña escala producen como máximo 10 kilogramos al año.
T5-ceiling = La instalación { $facility } produjo más de lo permitido en un año.
    .expected = como máximo { $most }
    .fix = Corrija las cantidades o la unidad.
T5-plan = La instalación { $facility } prevé producir más de lo permitido en un año.
    .expected = como máximo { $most }
    .fix = Corrija las actividades previstas o la unidad.
T5-second = Para el mismo año se declara otra instalación de este tipo: { $other }.
    .expected = una sola instalación
    .fix = Corrija el código o el tipo de la instalación.
T5-type = Este tipo de declaración es para otro tipo de instalación.
    .expected = { $allowed }
    .fix = Corrija el tipo de instalación, o elija el otro tipo de declaración.

T6 = Las sustancias químicas de la Lista 1 no superan una tonelada por Estado
    .why = Un Estado tiene en todo momento como máximo una tonelada de sustancias químicas de la Lista 1, y adquiere como máximo una tonelada al año por producción, transferencia o de otro modo. Lo que se cuenta aquí es esta declaración junto con las demás del Estado para el año.
T6-held = La cantidad de sustancias químicas de la Lista 1 al final del año supera la que un Estado puede tener.
    .expected = como máximo { $most }
    .fix = Corrija las existencias o la unidad.
T6-largest = Las mayores existencias, tomadas juntas, superan lo que un Estado puede tener en cualquier momento.
    .expected = como máximo { $most }
    .fix = Corrija las existencias, o explique que no se tuvieron al mismo tiempo.
T6-acquired = La cantidad de sustancias químicas de la Lista 1 adquirida en el año supera la que un Estado puede adquirir.
    .expected = como máximo { $most }
    .fix = Corrija las cantidades o la unidad.

T7 = Los recipientes de reacción de la instalación única en pequeña escala son pequeños
    .why = Ningún recipiente de reacción supera los 100 litros, y los de más de 5 litros tienen juntos como máximo 500 litros.
T7-reactor = El recipiente de reacción { $reactor } es demasiado grande.
    .expected = como máximo { $most }
    .fix = Corrija el volumen o la unidad.
T7-total = Los recipientes de reacción de más de { $from } son demasiado grandes en conjunto.
    .expected = como máximo { $most }
    .fix = Corrija los volúmenes, o el inventario.

T8 = La notificación con poca antelación es solo para una pequeña cantidad de saxitoxina
    .why = Hasta 5 miligramos de saxitoxina pueden notificarse a más tardar en el momento de la transferencia, con fines médicos o de diagnóstico. Todo lo demás debe notificarse con 30 días de antelación.
T8-chemical = Esta notificación es para la saxitoxina.
    .expected = { $name }, { $cas }
    .fix = Notifíquelo con 30 días de antelación, o corrija la sustancia química.
T8-quantity = La cantidad supera la que puede notificarse así.
    .expected = como máximo { $most }
    .fix = Notifíquelo con 30 días de antelación, o corrija la cantidad.
T8-purpose = Esta notificación es para fines médicos y de diagnóstico.
    .expected = { $allowed }
    .fix = Notifíquelo con 30 días de antelación, o corrija el fin.

T9 = Las sustancias químicas de la Lista 1 se transfieren entre Estados Partes, con fines permitidos, y no más allá
    .why = Las transferencias se hacen solo a Estados Partes, con fines de investigación, médicos, farmacéuticos o de protección. Quien recibe no puede transferir a un tercer Estado.
T9-partner = { $state } no era un Estado Parte en la fecha { $day }.
    .expected = un Estado Parte
    .fix = Corrija el Estado o la fecha; una transferencia así no está permitida.
T9-purpose = Las sustancias químicas de la Lista 1 no se transfieren con este fin.
    .expected = { $allowed }
    .fix = Corrija el fin.
T9-retransfer = { $chemical }: lo que se recibió de { $from } se envía a { $to }.
    .expected = ninguna transferencia a un tercer Estado de lo que se recibió
    .fix = Explique de dónde procede la sustancia química que se envía, o corrija la transferencia.

T10 = Las otras partes en las transferencias son Estados Partes
    .why = Desde el 29 de abril de 2000, las sustancias químicas de la Lista 2 solo se transfieren a Estados Partes o se reciben de ellos. Las exportaciones de la Lista 3 a otros Estados requieren un certificado de uso final. Las mezclas de baja concentración y los productos de consumo están exentos; ningún campo lo dice, salvo la nota, de modo que decide una persona.
T10-schedule-2 = Comercio de sustancias químicas de la Lista 2 con { $state }, que no es un Estado Parte.
    .expected = un Estado Parte
    .fix = Compruebe el Estado, o explique conforme a qué excepción estaba permitido.
T10-certificate = Exportación de una sustancia química de la Lista 3 a { $state } sin certificado de uso final.
    .expected = la referencia del certificado
    .received = nada
    .fix = Añada la referencia del certificado de uso final.

## Comprobaciones cruzadas

X1 = Los totales nacionales abarcan lo que declaran los complejos industriales
    .why = Lo que los complejos industriales declarados producen, elaboran y consumen forma parte del total del Estado. A un total inferior le falta un complejo o una sustancia química; uno muy superior puede contar lo que ningún complejo declara.
X1-below = { $chemical }: el total nacional «{ $field }» es inferior a lo que declaran sus complejos industriales.
    .expected = al menos { $sites }
    .fix = Corrija el total o el complejo industrial, o explique la diferencia.
X1-excess = { $chemical }: el total nacional «{ $field }» es muy superior a lo que declaran sus complejos industriales.
    .expected = alrededor de { $sites }, salvo que las plantas por debajo del umbral añadan mucho
    .fix = Mire si falta un complejo industrial; si no, déjelo así.
X1-unit = { $chemical }: «{ $field }» y los complejos industriales difieren en un factor de mil. ¿Kilogramos anotados como toneladas?
    .expected = alrededor de { $sites }
    .fix = Compruebe la unidad del total y la de los complejos industriales.
X1-no-record = { $chemical }: hay complejos industriales que lo declaran por encima del umbral, y los datos nacionales no.
    .expected = una ficha con al menos { $sites }
    .received = nada
    .fix = Añada la ficha, o corrija la sustancia química donde el nombre no sea el correcto.

X2 = El comercio nacional abarca lo que declaran los complejos industriales
    .why = Lo que los complejos industriales declarados importan y exportan forma parte del total del Estado; los comerciantes pueden añadir más.
X2-below = { $chemical }: el total nacional «{ $field }» es inferior a lo que declaran sus complejos industriales.
    .expected = al menos { $sites }
    .fix = Corrija el total o el complejo industrial, o explique la diferencia. Mire si se intercambiaron importaciones y exportaciones.
X2-unit = { $chemical }: «{ $field }» y los complejos industriales difieren en un factor de mil. ¿Kilogramos anotados como toneladas?
    .expected = alrededor de { $sites }
    .fix = Compruebe la unidad del total y la de los complejos industriales.

X3 = La producción de la Lista 3 concuerda con las escalas de los complejos industriales
    .why = Los complejos industriales declaran escalas; el total nacional está dentro de su suma, o por encima de ella en lo que añaden los pequeños productores.
X3-below = { $chemical }: la producción nacional es inferior a la suma de las escalas de sus complejos industriales.
    .expected = al menos { $least }
    .fix = Corrija el total o las escalas, o explique la diferencia.
X3-above = { $chemical }: la producción nacional es superior a la suma de las escalas de sus complejos industriales.
    .expected = entre { $least } y { $most }, y lo que añaden los pequeños productores
    .fix = Mire si falta un complejo industrial; si no, déjelo así.
X3-unit = { $chemical }: la producción nacional y las escalas de sus complejos industriales difieren en un factor de mil. ¿Kilogramos anotados como toneladas?
    .expected = entre { $least } y { $most }
    .fix = Compruebe la unidad del total y las escalas.
X3-no-record = { $chemical }: hay complejos industriales que declaran su producción, y los datos nacionales no.
    .expected = una ficha con al menos { $sites }
    .received = nada
    .fix = Añada la ficha, o corrija la sustancia química donde el nombre no sea el correcto.

X4 = Las filas por país suman su total
    .why = Las importaciones y exportaciones se declaran en total y por país. Las filas inferiores al umbral pueden quedar sin cifra; entonces el total está entre dos límites.
X4-total = { $chemical }: el total «{ $field }» no es el de sus filas.
    .expected = { $least }
    .fix = Corrija el total o las filas, o explique la diferencia.
X4-range = { $chemical }: el total «{ $field }» está fuera de lo que sus filas pueden sumar.
    .expected = entre { $least } y { $most }
    .fix = Corrija el total o las filas, o explique la diferencia.

X5 = La producción concuerda con la capacidad
    .why = Una planta produce poco más que su capacidad nominal o según el diseño. Más que eso suele ser una unidad equivocada.
X5-capacity = { $chemical }: la cantidad producida supera lo que la planta puede producir.
    .expected = como máximo { $most }
    .fix = Corrija la cantidad o la capacidad, o explique la diferencia.
X5-plan = { $chemical }: la producción prevista supera lo que la planta puede producir.
    .expected = como máximo { $most }
    .fix = Corrija las actividades previstas o la capacidad, o explique la diferencia.
X5-unit = { $chemical }: la producción y la capacidad difieren en un factor de mil. ¿Kilogramos anotados como toneladas?
    .expected = como máximo { $most }
    .fix = Compruebe la unidad de la cantidad y la de la capacidad.

X6 = Las existencias de sustancias químicas de la Lista 1 cuadran
    .why = Lo que había al final del año anterior, y lo que se produjo o recibió, se ha consumido, se ha enviado o sigue ahí.
X6-balance = { $chemical }: las existencias al final del año no se desprenden de las del año anterior.
    .expected = { $computed }
    .fix = Corrija las existencias o los movimientos, o explique la diferencia. El año comenzó con { $start }.
X6-balance-range = { $chemical }: las existencias al final del año no se desprenden de las del año anterior, sea cual sea la instalación que tuvo las transferencias del año.
    .expected = entre { $computed } y { $most }
    .fix = Corrija las existencias o los movimientos, o explique la diferencia. El año comenzó con { $start }.
X6-at-end = { $chemical }: la cantidad al final del año supera la que se indica como máxima.
    .expected = al menos { $least }
    .fix = Corrija una u otra.
X6-at-start = { $chemical }: la cantidad al comienzo del año supera la que se indica como máxima.
    .expected = al menos { $least }
    .fix = Corrija una u otra; las existencias al comienzo son las del año anterior.
X6-vanished = { $chemical }: había existencias al final del año anterior, y ya no se informa de ellas.
    .expected = una fila que diga qué fue de { $start }
    .received = nada
    .fix = Añada la sustancia química, con lo que se consumió o envió.

X7 = La producción de la Lista 1 nombra sus precursores
    .why = Las sustancias químicas de la Lista 1 se producen a partir de otras, la mayoría incluidas en las Listas; las toxinas se extraen.
X7-none = { $chemical }: se declara producción ({ $produced }), y no se nombra ningún precursor.
    .expected = los precursores de las Listas 1 a 3 con sus cantidades
    .received = nada
    .fix = Añada los precursores, o explique a partir de qué se produjo.

X8 = La lista anual de transferencias recoge las notificaciones del año
    .why = La lista repite cada transferencia notificada, y la suma de cada Estado. Lo que difiere se cambió después de la notificación, o se escribió mal.
X8-quantity = { $chemical }: la cantidad no es la notificada.
    .expected = { $noticed }
    .fix = Corrija la lista, o explique por qué se transfirió menos o más de lo que decía { $number }.
X8-unlisted = { $chemical }: la transferencia con { $state } notificada para la fecha { $day } no está en la lista.
    .expected = { $quantity }, según la notificación { $number }
    .received = nada
    .fix = Añada la transferencia, o explique que no se realizó.
X8-sum = { $chemical }: la cantidad anual de { $state } no es la de sus transferencias.
    .expected = { $computed }
    .fix = Corrija la suma o las transferencias.
X8-no-sum = { $chemical }: hay transferencias con { $state }, y ninguna cantidad anual.
    .expected = { $computed }
    .received = nada
    .fix = Añada el Estado con su cantidad anual.

X9 = Lo que se hizo estaba previsto, o se declaró adicionalmente
    .why = Las actividades por encima del umbral se declaran antes del año, o al menos cinco días antes de que comiencen.
X9-unplanned = { $chemical }, planta { $plant }: la actividad no figura en ninguna declaración de actividades previstas para { $year }, ni de actividades adicionales.
    .expected = actividades previstas para { $year }, o una declaración de actividades adicionales
    .fix = Envíe lo que no se declaró, aunque sea tarde, o explique el motivo.

X10 = Lo que se hizo se acerca a lo previsto
    .why = Las previsiones cambian, y ninguna regla lo prohíbe. Una gran diferencia puede deberse a un dato equivocado de un lado.
X10-amount = { $chemical }: «{ $field }» está lejos de lo previsto.
    .expected = alrededor de { $planned }
    .fix = Compruebe la cifra; si es correcta, no hay que hacer nada.
X10-range = { $chemical }: la escala está lejos de lo previsto.
    .expected = { $planned }
    .fix = Compruebe la escala; si es correcta, no hay que hacer nada.
X10-unit = { $chemical }: «{ $field }» y la cantidad prevista difieren en un factor de mil. ¿Kilogramos anotados como toneladas?
    .expected = alrededor de { $planned }
    .fix = Compruebe la unidad aquí y en la declaración de actividades previstas.

X11 = Lo que cambió en un complejo o una instalación se dice
    .why = El nombre, el explotador y el lugar permiten reconocer un complejo. Cuando uno de ellos cambió, una nota dice qué y desde cuándo.
X11-site = { $site }: «{ $field }» no es lo mismo que el año anterior, y ninguna nota lo dice.
    .expected = { $was }
    .fix = Diga en la nota qué cambió y desde cuándo, o corríjalo.
X11-moved = { $site } está en un lugar distinto del año anterior, y ninguna nota lo dice.
    .expected = { $was }
    .fix = Corrija las coordenadas, o diga en la nota que se leyeron de nuevo.
X11-plant = { $site }, planta { $plant }: «{ $field }» no es lo mismo que el año anterior, y ninguna nota lo dice.
    .expected = { $was }
    .fix = Diga en la nota qué cambió y desde cuándo, o corríjalo.

X12 = Las exportaciones directas van a Estados a los que el Estado exporta
    .why = Cuando un complejo industrial exporta por sí mismo, las exportaciones del Estado de esa sustancia química nombran los mismos Estados.
X12-partner = { $chemical }: se declara una exportación directa a { $state }, y los datos nacionales no indican ninguna exportación a ese Estado.
    .expected = { $partners }
    .fix = Corrija el Estado aquí, o añádalo a las exportaciones nacionales.

X13 = Los datos están en línea con los años anteriores del propio Estado
    .why = Un dato alejado de todos los años anteriores puede ser correcto. Uno que es mil veces el del año pasado se debe casi siempre a una unidad equivocada.
X13-unit = { $chemical }: la cifra y la de { $year } difieren en un factor de mil. ¿Kilogramos anotados como toneladas?
    .expected = alrededor de { $before }
    .fix = Compruebe la unidad; si la cifra es correcta, explíquela.
X13-above = { $chemical }: «{ $field }» está muy por encima de los años anteriores del propio Estado (años comparados: { $years }).
    .expected = alrededor de { $usual }
    .fix = Compruebe la cifra; si es correcta, no hay que hacer nada.
X13-below = { $chemical }: «{ $field }» está muy por debajo de los años anteriores del propio Estado (años comparados: { $years }).
    .expected = alrededor de { $usual }
    .fix = Compruebe la cifra; si es correcta, no hay que hacer nada.
X13-copied = { $chemical }: todos los totales son los de { $year }.
    .expected = los totales de este año
    .received = los totales de { $year }
    .fix = Mire si se envió otra vez la ficha del año pasado; si las cifras son correctas, no hay que hacer nada.
X13-swapped = { $chemical }: las importaciones son como las exportaciones de { $year }, y a la inversa. ¿Columnas intercambiadas?
    .expected = importaciones alrededor de { $imported }, exportaciones alrededor de { $exported }
    .fix = Compruebe qué columna es cuál, con los países que siguen; si son correctas, explíquelo.

## Respuestas y modificaciones

A1 = Cada respuesta llega a la observación a la que responde
    .why = A una observación que hay que explicar se puede responder con una razón, que se transmite dentro de la declaración. Una respuesta vale para una regla en un lugar, hasta su último año; cuando se cambian los nombres de las filas, se corrigen cifras o pasan los años, puede que ya no llegue a nada. Entonces se señala, para que ninguna razón quede sin leer.
A1-unfit = La respuesta a { $rule } no llega a ninguna observación.
    .expected = una observación abierta de { $rule } en { $place }
    .received = ninguna
    .fix = Retire la respuesta, o dela de nuevo para el lugar que se observa ahora: sextant answer FILE.
A1-expired = La respuesta a { $rule } valía hasta { $until }.
    .expected = una respuesta que valga para el año que se declara
    .received = una que vale hasta { $until }
    .fix = Vea si la razón sigue valiendo, y responda de nuevo: sextant answer FILE.
A1-must-fix = Lo que observa { $rule } debe corregirse; una respuesta no lo resuelve.
    .expected = una corrección en { $place }
    .received = una respuesta
    .fix = Corrija el lugar y retire la respuesta.

A2 = Una modificación o una retirada nombra la versión vigente
    .why = Una modificación enumera los lugares cambiados de una versión; aplicada a otra versión, cambiaría otra cosa. Cada cambio dice lo que figuraba antes, para que nadie modifique lo que no ha visto.
A2-unknown = { $id } no está entre las declaraciones que se compararon.
    .expected = la versión { $version } de { $id } entre las declaraciones del Estado
    .received = nada
    .fix = Compruebe este documento junto con lo que nombra: sextant check FILE --with OTHER.
A2-version = { $id }: está vigente otra versión.
    .expected = { $holding }
    .fix = Haga de nuevo la modificación o la retirada, a partir de la versión vigente.
A2-filing = { $id } ya es una modificación o una retirada.
    .expected = una declaración en la que se declare algo
    .fix = Modifique de nuevo la declaración a la que se refiere.
A2-place = { $place } no contiene lo que la modificación dice que figuraba allí.
    .expected = { $expected }
    .fix = Haga de nuevo la modificación, a partir de la versión que modifica: sextant diff OLD NEW --as-amendment REASON.

## El registro

REG-0 = Una declaración tiene un tamaño que puede tramitarse
    .why = El registro lee una declaración entera. La que supera su límite no se lee; si tiene más observaciones de las que una persona puede tramitar, se muestran las primeras.
REG-1 = La Autoridad Nacional de un Estado hace las declaraciones de ese Estado
    .why = Cada Estado Parte designa una Autoridad Nacional como centro de enlace; nadie más declara por él.
REG-2 = Las versiones de una declaración se siguen unas a otras
    .why = Lo que se registró nunca se sobrescribe. Una corrección es una versión superior, o una modificación de la versión registrada.
REG-3 = Una declaración conserva su tipo
    .why = Un número designa una sola declaración. Otro tipo de declaración tiene su propio número.
REG-4 = Una modificación o una retirada nombra la última versión registrada
    .why = Una modificación da la versión siguiente. Dos modificaciones de una misma versión darían dos versiones siguientes, y nadie podría decir cuál está vigente.
REG-5 = Se comparan todas las declaraciones que importan
    .why = Una declaración se compara con lo que su Estado ha presentado. Cuando eso es más de lo que el registro lee de una vez, se comparan las más recientes, y se señala.
REG-6 = Un paquete de documentos se puede leer
    .why = Varios documentos viajan en un paquete con su lista. Si la lista y los documentos no concuerdan, nadie podría decir qué se declaró; por eso no se toma nada de él.
REG-7 = Los archivos adjuntos son documentos que se pueden abrir
    .why = Los adjuntos se conservan tal como llegan y nunca se descomprimen. Un archivo comprimido que escribiría demasiado, o fuera de su carpeta, o que esconde otro, queda cerrado.
REG-8 = Los archivos que nombra una declaración son los que la acompañan
    .why = Una declaración enumera sus adjuntos con sus resúmenes criptográficos. Cuando la acompañan documentos, se compara cada uno, para que nadie lea otro archivo que el previsto.
