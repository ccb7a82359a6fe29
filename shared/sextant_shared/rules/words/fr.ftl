# Le français, d'après l'anglais, langue des textes du contrat : ce sont les mots anglais qui voyagent dans les récépissés.
# Un message nommé comme une règle en est le titre ; `why` l'explique. `REGLE-cas` énonce une façon de ne pas la respecter.

## Structure

S0 = Le document a la forme de son type
    .why = Chaque type de déclaration a un schéma publié. Ce qui n'y entre pas ne peut être lu sans deviner ; on le signale donc au lieu de deviner.
S0Expected = { $what ->
        [amount] une valeur et une unité ({ $allowed }), ou la raison de leur absence
        [choice] une des réponses suivantes : { $allowed }
        [code] un code : lettres majuscules, chiffres, - et _, 32 caractères au plus
        [day] une date, écrite YYYY-MM-DD (année, mois, jour)
        [decimal] un nombre entre guillemets droits, avec un point et aucun autre signe, par exemple "1250.5"
        [digest] 64 chiffres hexadécimaux, en lettres minuscules
        [group] un groupe de champs : { $allowed }
        [integer] un nombre entier, sans guillemets
        [kind] un type de déclaration : sextant new --list
        [latitude] des degrés nord, entre guillemets droits, par exemple "52.0907" ou "-33.45"
        [letters] trois lettres majuscules
        [list] une liste ; s'il n'y a rien à énumérer, []
        [longitude] des degrés est, entre guillemets droits, par exemple "4.3007" ou "-70.66"
        [money] une valeur et une unité (une monnaie, par exemple EUR), ou la raison de leur absence
        [number] de 3 à 64 lettres, chiffres, points, - et _
        [pointer] l'emplacement sous forme de pointeur JSON, par exemple /records/0/produced
        [rule] une règle, par exemple X4 : sextant rules list
        [schema] sextant., le type et sa version, par exemple sextant.s2-and/1
        [state] un code d'État de trois lettres majuscules
        [text] un texte
        [truth] true ou false, sans guillemets
        [way] la façon dont la règle n'est pas respectée, telle que la constatation la nomme : lettres minuscules, chiffres, - et _
       *[other] ce que le schéma du type demande ici
    }
S0-unreadable = Ce document ne peut pas être lu : { $reason }.
    .expected = { $expected }
    .received = des octets d'une autre forme
    .fix = Exportez de nouveau la déclaration et envoyez ce fichier.
S0-kind = Ce n'est pas un type de déclaration transmis ici.
    .expected = { $allowed }
    .received = rien
    .fix = { $nearest ->
        [none] Indiquez le type de la déclaration.
       *[other] Écrivez { $nearest }, si c'est ce que vous vouliez dire.
    }
S0-schema = Ce schéma n'appartient pas à ce type de déclaration.
    .expected = { $allowed }
    .received = rien
    .fix = Indiquez le schéma de ce type, dans une version connue ici.
S0-missing = Cet élément doit être rempli.
    .expected = { S0Expected }
    .received = rien
    .fix = { $what ->
        [amount] Ajoutez-le. Zéro s'écrit "0" avec son unité ; s'il n'y a pas eu d'activité de ce genre, indiquez nil ; si la quantité n'est pas connue, unknown.
       *[other] Ajoutez-le.
    }
S0-blank = Cet élément est vide.
    .expected = { S0Expected }
    .received = vide
    .fix = { $what ->
        [amount] Zéro s'écrit "0" avec son unité ; s'il n'y a pas eu d'activité de ce genre, indiquez nil ; si la quantité n'est pas connue, unknown.
        [decimal] Zéro s'écrit "0" ; s'il n'y a pas eu d'activité de ce genre, indiquez nil au lieu de la valeur et de l'unité ; si la quantité n'est pas connue, unknown.
        [list] Écrivez [], ou omettez ce champ.
       *[other] Remplissez-le.
    }
S0-type = Ce qui figure ici n'est pas de la nature demandée.
    .expected = { S0Expected }
    .fix = Écrivez-le sous la forme attendue.
S0-form = Ce qui figure ici n'a pas la forme demandée.
    .expected = { S0Expected }
    .fix = Écrivez-le sous la forme attendue.
S0-choice = Ce n'est aucune des réponses possibles.
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] Choisissez une des réponses.
       *[other] Écrivez { $nearest }, si c'est ce que vous vouliez dire.
    }
S0-unknown = Aucun élément ne porte ici le nom { $name }.
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] Supprimez-le, ou écrivez-le sous le nom que lui donne le schéma.
       *[other] Écrivez { $nearest }, si c'est ce que vous vouliez dire.
    }
S0-long = Ce texte est trop long.
    .expected = { $limit } caractères au plus
    .fix = Raccourcissez-le, ou joignez-le sous forme de fichier.
S0-few = La liste est trop courte.
    .expected = au moins { $limit }
    .fix = Ajoutez ce qui manque.
S0-many = La liste est trop longue.
    .expected = au plus { $limit }
    .fix = Divisez la déclaration, ou demandez au Secrétariat comment procéder.
S0-small = Le nombre est trop petit.
    .expected = au moins { $limit }
    .fix = Corrigez le nombre.
S0-large = Le nombre est trop grand.
    .expected = au plus { $limit }
    .fix = Corrigez le nombre.
S0-day = Cette date n'existe pas dans le calendrier.
    .expected = une date, écrite YYYY-MM-DD (année, mois, jour)
    .fix = Écrivez l'année en quatre chiffres, puis le mois et le jour en deux chiffres : 2025-06-30.
S0-amount = Une quantité a une valeur et une unité, ou bien la raison de leur absence, mais pas les deux.
    .expected = une valeur et une unité ({ $allowed }), ou la raison (nothing) : nil, not-applicable, unknown
    .fix = Indiquez la valeur et l'unité, ou bien nothing seul.

## Formats

F1 = Les numéros CAS ont leur chiffre de contrôle
    .why = Le dernier chiffre d'un numéro CAS se calcule à partir des autres. Un numéro dont le dernier chiffre ne convient pas a été mal saisi : il désigne un autre produit chimique, ou aucun.
F1-mistyped = { $name } : le numéro CAS est mal saisi.
    .expected = chiffres-chiffres-chiffre, le dernier étant le chiffre de contrôle
    .fix = Recopiez le numéro CAS depuis sa source.

F2 = Le numéro CAS, le nom, le tableau et la rubrique concordent
    .why = L'Annexe sur les produits chimiques énumère la plupart des produits chimiques par leur nom et leur numéro CAS. Les familles ont des membres qu'elle n'énumère pas : la rubrique et la formule développée montrent alors que le produit chimique appartient à la famille.
F2-schedule = { $name } figure dans une autre partie des tableaux.
    .expected = { $schedule }
    .received = rien
    .fix = Corrigez le tableau ou le numéro CAS.
F2-scheduled = { $name } figure dans la partie { $schedule } des tableaux ; seuls des produits chimiques ne figurant à aucun tableau ont leur place ici.
    .expected = un produit chimique qui ne figure à aucun tableau
    .fix = Corrigez le numéro CAS, ou déclarez le produit chimique là où son tableau est déclaré.
F2-entry = { $name } correspond à une autre rubrique de la partie { $schedule }.
    .expected = { $entry }
    .fix = Corrigez la rubrique ou le numéro CAS.
F2-not-yet = { $name } ne figurait pas encore aux tableaux à cette date.
    .expected = une date à partir du { $first }
    .fix = Corrigez l'année, ou retirez le produit chimique.
F2-name = Le nom est celui d'un autre produit chimique que celui du numéro CAS { $cas }.
    .expected = { $name } ; ou le numéro CAS { $other }
    .fix = Corrigez le nom ou le numéro CAS.
F2-unfamiliar = La liste donne un autre nom au numéro CAS { $cas }.
    .expected = { $name }
    .fix = Vérifiez que les deux noms désignent le même produit ; d'autres noms sont admis.
F2-other-cas = { $name } figure aux tableaux sous un autre numéro CAS.
    .expected = { $cas }
    .fix = Corrigez le numéro CAS ou le nom.
F2-no-cas = { $name } a un numéro CAS, et celui-ci manque.
    .expected = { $cas }
    .received = rien
    .fix = Ajoutez le numéro CAS.
F2-no-family = La partie { $schedule } ne comprend pas de famille ; ce produit chimique n'y figure pas.
    .expected = un produit chimique de la liste : sextant codes list chemicals
    .fix = Corrigez le numéro CAS ou le nom, ou retirez le produit chimique.
F2-which-family = { $name } ne figure pas dans la liste. De quelle famille est-ce un membre ?
    .expected = le numéro d'une rubrique de la partie { $schedule } : { $entries }
    .received = rien
    .fix = Indiquez la rubrique, ou corrigez le numéro CAS.
F2-single = Cette rubrique de la partie { $schedule } n'est pas une famille, et le produit chimique n'est pas celui qu'elle désigne.
    .expected = une famille : { $entries }
    .fix = Corrigez la rubrique, ou le numéro CAS et le nom.
F2-no-structure = { $name } : la formule développée manque ; sans elle, rien ne montre l'appartenance à la famille.
    .expected = SMILES ou InChI, ou un dessin
    .received = rien
    .fix = Indiquez la formule développée, ou joignez un dessin.
F2-member = { $name } : d'après sa formule développée, ce produit chimique est considéré comme un membre de la famille { $schedule }({ $entry }).
    .expected = un numéro CAS de la liste, ou la rubrique et la formule développée
    .fix = Rien à faire si le numéro CAS est exact.
F2-salt = { $name } : aucune rubrique ne couvre les sels de cette base.
    .expected = une base dont la rubrique mentionne « et les sels correspondants »
    .fix = Corrigez la base, ou retirez le produit chimique.

F3 = Les codes d'État existent, et les partenaires sont d'autres États
    .why = Les États sont désignés par leurs codes ISO 3166-1 alpha-3 tels qu'ils étaient le jour de l'événement, ou à la fin de l'année de déclaration. Un État ne commerce pas avec lui-même et ne notifie que ses propres transferts.
F3-unknown = { $code } n'était pas un code d'État à la date du { $day }.
    .expected = un code de la liste des États
    .fix = Recherchez le code : sextant codes search NAME.
F3-self = Un État ne commerce pas avec lui-même.
    .expected = un autre État que { $state }
    .fix = Indiquez l'autre État.
F3-stranger = L'État qui notifie n'est ni l'expéditeur ni le destinataire de ce transfert.
    .expected = { $state } comme expéditeur ou destinataire
    .fix = Corrigez les États du transfert.

F4 = Les quantités sont des nombres plausibles
    .why = Rien ne pèse moins que rien, et personne ne mesure des tonnes au gramme près. Un trop grand nombre de chiffres est souvent le signe d'une unité erronée.
F4-negative = Une quantité est négative.
    .expected = zéro ou plus
    .fix = Corrigez le signe.
F4-precise = Une quantité comporte plus de chiffres qu'il n'est possible d'en mesurer.
    .expected = au plus { $digits } chiffres significatifs
    .fix = Arrondissez-la, ou expliquez cette précision.

F5 = Les années et les dates se situent dans la période déclarée
    .why = Pour le tableau 2, la déclaration porte sur les trois dernières années ; les activités prévues et les transferts relèvent de l'année pour laquelle ils sont déclarés ; la fabrication passée destinée aux armes chimiques compte depuis le 1er janvier 1946 ; rien ne commence après sa fin.
F5-look-back = Les années antérieures à indiquer sont les deux qui précèdent l'année de déclaration.
    .expected = { $first } ou { $last }
    .fix = Corrigez l'année.
F5-twice = { $name } : l'année { $year } figure deux fois parmi les années antérieures.
    .expected = chaque année une seule fois
    .fix = Corrigez l'une des années.
F5-reversed = La fin précède le début.
    .expected = un début antérieur ou égal à la fin
    .fix = Intervertissez les dates, ou corrigez-en une.
F5-outside-year = La période se situe hors de l'année déclarée.
    .expected = des dates de l'année { $year }
    .fix = Corrigez les dates ; ce qui relève d'une autre année est déclaré pour cette année-là.
F5-period = La période annuelle de destruction commence dans une autre année que celle qui est déclarée.
    .expected = un début en { $year }
    .fix = Corrigez la période ou l'année.
F5-transfer-day = Le transfert se situe hors de l'année de déclaration.
    .expected = une date de l'année { $year }
    .fix = Corrigez la date, ou déclarez le transfert pour son année.
F5-before-begin = L'activité commence avant la date indiquée comme étant celle de son début.
    .expected = { $begin } ou une date ultérieure
    .fix = Corrigez cette date, ou event_date.
F5-past-cw = Ces renseignements sont demandés depuis 1946 jusqu'à l'entrée en vigueur.
    .expected = du { $first } au { $last }
    .fix = Corrigez les dates.
F5-before-convention = Cela est antérieur à l'entrée en vigueur de la Convention.
    .expected = { $first } ou plus tard
    .fix = Corrigez la date, ou expliquez.
F5-previous-year = Une déclaration initiale porte sur l'année qui précède l'entrée en vigueur.
    .expected = { $year }
    .fix = Corrigez l'année, ou expliquez quelle a été la dernière année complète.
F5-not-late = La déclaration est annoncée avant son échéance : elle n'est donc pas en retard.
    .expected = une date postérieure au { $due }
    .fix = Corrigez l'une des dates, ou n'envoyez pas cet avis.

F6 = Les produits chimiques exemptés ne sont pas déclarés
    .why = L'Annexe sur les produits chimiques nomme quelques produits chimiques qui répondent à la définition d'une famille du tableau 2 et en sont exemptés, certains avec leurs sels.
F6-exempt = { $name } : ce produit chimique est exempté du tableau 2 et ne se déclare pas.
    .expected = un produit chimique qui n'est pas exempté
    .fix = Retirez ce produit chimique.
F6-salt = { $name } : ses sels sont exemptés du tableau 2 et ne se déclarent pas.
    .expected = un produit chimique qui n'est pas exempté
    .fix = Retirez ce produit chimique.

F7 = Les codes figurent dans leurs listes
    .why = Les activités, fins, groupes de produits, fourchettes, motifs et causes sont indiqués par des codes, afin que les déclarations puissent être comparées.
F7-activities = { $code } ne figure pas dans la liste des codes d'activités.
    .expected = { $allowed }
    .fix = Choisissez un code de la liste : sextant codes list activities.
F7-purposes = { $code } ne figure pas dans la liste des codes de fins.
    .expected = { $allowed }
    .fix = Choisissez un code de la liste : sextant codes list purposes.
F7-product_groups = { $code } ne figure pas dans la liste des codes de groupes de produits.
    .expected = { $allowed }
    .fix = Choisissez un code de la liste : sextant codes list product_groups.
F7-amendment_reasons = { $code } ne figure pas dans la liste des codes de motifs.
    .expected = { $allowed }
    .fix = Choisissez un code de la liste : sextant codes list amendment_reasons.
F7-transfer_causes = { $code } ne figure pas dans la liste des codes de causes.
    .expected = { $allowed }
    .fix = Choisissez un code de la liste : sextant codes list transfer_causes.
F7-ranges = { $code } n'est pas une fourchette de ce régime.
    .expected = { $allowed }
    .fix = Choisissez une fourchette de la liste : sextant codes list ranges.
F7-regime = { $code } relève d'un autre tableau.
    .expected = { $allowed }
    .fix = Choisissez un code du tableau qui est déclaré.
F7-kind = { $code } n'est pas un type de déclaration.
    .expected = un type du catalogue : sextant new --list
    .fix = Indiquez le type de déclaration qui sera en retard.

F8 = Un site se trouve dans l'État qui le déclare, et une partie au transfert dans son État
    .why = Un État déclare ce qui se trouve sur son territoire ou en tout autre lieu placé sous sa juridiction ou son contrôle. L'expéditeur ou le destinataire d'un transfert se trouve dans l'État qui expédie ou reçoit.
F8-elsewhere = L'adresse se trouve dans un autre État que celui qui déclare.
    .expected = { $state }
    .fix = Corrigez le pays, ou expliquez sous la juridiction de qui le lieu est placé.
F8-party = L'adresse se trouve dans un autre État que celui que le transfert indique de ce côté.
    .expected = { $state }
    .fix = Corrigez le pays ou les États du transfert, ou expliquez.

F9 = Les unités sont celles du tableau
    .why = Le tableau 1 se déclare en grammes, les tableaux 2 et 3 en tonnes. Une autre unité signale souvent une erreur d'un facteur mille.
F9-schedule-1 = Le tableau 1 ne se déclare pas dans cette unité.
    .expected = { $allowed }
    .fix = Convertissez la quantité, ou corrigez l'unité.
F9-schedules-2-3 = Les tableaux 2 et 3 ne se déclarent pas dans cette unité.
    .expected = { $allowed }
    .fix = Convertissez la quantité, ou corrigez l'unité.

F10 = Les coordonnées se situent sur la Terre
    .why = Un emplacement précis est donné en degrés nord et est ; une valeur impossible vient souvent de ce que les deux valeurs ont été interverties.
F10-latitude = Aucun lieu n'a cette latitude.
    .expected = de -{ $limit } à { $limit }
    .fix = Corrigez la latitude ; vérifiez si elle n'a pas été intervertie avec la longitude.
F10-longitude = Aucun lieu n'a cette longitude.
    .expected = de -{ $limit } à { $limit }
    .fix = Corrigez la longitude.

## Exhaustivité

C1 = Ce qui revient chaque année figure cette année
    .why = La plupart des déclarations sont dues chaque année. Lorsqu'il n'y a rien à déclarer cette fois, une déclaration « néant » (nil) le dit ; un silence ressemble à un oubli.
C1-again = { $state } ne déclare pas { $kind } pour { $year }, alors que la déclaration a été faite pour l'année précédente.
    .expected = { $kind } pour { $year }, ou une déclaration « néant » (nil)
    .received = rien
    .fix = Envoyez la déclaration, ou une déclaration « néant » (nil) qui la couvre. L'année précédente, c'était { $number }.
C1-facility = { $state } ne déclare pas { $kind } pour l'installation { $site } au titre de { $year }.
    .expected = { $kind } pour { $site } au titre de { $year }
    .received = rien
    .fix = Envoyez la déclaration, ou retirez l'installation si elle a été fermée. L'obligation découle de { $number }.
C1-sites = { $state } déclare des sites d'usines pour { $year }, mais pas { $kind }.
    .expected = { $kind } pour { $year } : ce que fait un site d'usines compte pour l'État
    .received = rien
    .fix = Envoyez les données nationales globales. Le site d'usines figure dans { $number }.
C1-notices = { $state } a notifié des transferts en { $year }, et n'a pas envoyé { $kind }.
    .expected = { $kind } pour { $year }
    .received = rien
    .fix = Envoyez la liste annuelle des transferts. L'une des notifications est { $number }.
C1-nil = { $state } déclare « néant » (nil) sur { $scope } pour { $year }, et déclare aussi { $kind }.
    .expected = soit l'une, soit l'autre
    .received = les deux
    .fix = Rectifiez la déclaration « néant » (nil), ou retirez { $number }.

C2 = Une usine du tableau 2 est déclarée jusqu'à ce que trois années se soient écoulées
    .why = Une usine qui a dépassé le seuil au cours de l'une des trois dernières années est déclarée, même si elle n'a plus d'activité ; ses quantités peuvent être nulles.
C2-site = { $state } ne déclare pas { $kind } pour { $site } au titre de { $year }, alors que le seuil a été dépassé en { $active }.
    .expected = { $kind } pour { $site } au titre de { $year }, avec nil pour quantité là où il n'y a rien eu
    .received = rien
    .fix = Envoyez la déclaration, ou retirez le site d'usines s'il a été fermé. Les chiffres antérieurs figurent dans { $number }.
C2-plant = { $site } est déclaré pour { $year } sans l'usine { $plant }, qui a dépassé le seuil en { $active }.
    .expected = l'usine { $plant } dans { $kind } pour { $site }
    .received = rien
    .fix = Ajoutez l'usine, avec nil pour quantité là où il n'y a rien eu. Les chiffres antérieurs figurent dans { $number }.

C3 = Ce qui était prévu fait l'objet d'un compte rendu
    .why = Un site d'usines qui a déclaré des activités prévues pour une année est aussi déclaré après cette année, ou bien il est dit pourquoi il ne l'est pas.
C3-planned = { $state } a déclaré des activités prévues pour { $site } en { $year }, et n'envoie pas { $kind } pour ce site.
    .expected = { $kind } pour { $site } au titre de { $year }
    .received = rien
    .fix = Envoyez la déclaration, ou expliquez que les activités prévues n'ont pas eu lieu. Elles ont été annoncées dans { $number }.

C4 = La déclaration d'un site d'usines du tableau 2 est complète
    .why = Chaque site a au moins une usine, chaque usine un produit chimique et une activité, chaque produit chimique une fin, une capacité et ses quantités ; ce qui est prévu a ses périodes.
C4-no-plant = Le site n'a aucune usine.
    .expected = au moins une usine
    .received = rien
    .fix = Ajoutez les usines.
C4-no-chemical = L'usine { $plant } n'a aucun produit chimique.
    .expected = au moins un produit chimique
    .received = rien
    .fix = Ajoutez les produits chimiques du tableau 2 de cette usine.
C4-no-activity = L'usine { $plant } n'a aucune activité.
    .expected = PRODUCE, PROCESS ou CONSUME
    .received = rien
    .fix = Indiquez ce que fait l'usine.
C4-no-purpose = { $chemical } : aucune fin n'est indiquée.
    .expected = au moins une fin
    .received = rien
    .fix = Ajoutez la fin.
C4-no-capacity = { $chemical } : aucune capacité de production n'est indiquée.
    .expected = des tonnes par an, ou not-applicable si le produit n'est pas fabriqué
    .received = rien
    .fix = Ajoutez la capacité nominale ou, à défaut, la capacité prévue.
C4-blank = { $chemical } : « { $field } » est vide.
    .expected = une quantité, ou nil, not-applicable ou unknown
    .received = vide
    .fix = Indiquez de quelle sorte d'absence il s'agit : nil s'il n'y a eu aucune quantité.
C4-no-look-back = { $chemical } : la déclaration initiale ne couvre pas trois années.
    .expected = les deux années qui précèdent l'année de déclaration
    .received = rien
    .fix = Ajoutez les années antérieures, avec nil là où il n'y a rien eu.
C4-no-period = { $chemical } : l'activité prévue { $activity } n'a pas de période.
    .expected = de quand à quand
    .received = rien
    .fix = Ajoutez la période de cette activité.

C5 = Un site OCPF (autres installations de fabrication de produits chimiques) dit pourquoi il est inscrit
    .why = Un site est inscrit en raison de ses produits chimiques organiques définis (DOC), de ses usines PSF, ou des deux ; les usines PSF sont comptées exactement. Chaque site et chaque usine figure une seule fois dans la liste.
C5-no-range = Le site { $site } n'indique ni fourchette DOC ni usine PSF.
    .expected = doc_range, ou psf_plants, ou les deux
    .received = rien
    .fix = Indiquez pourquoi le site est inscrit sur la liste.
C5-count = Le nombre d'usines PSF n'est pas celui des usines énumérées.
    .expected = { $count }
    .fix = Corrigez le nombre ou la liste.
C5-no-plants = Le site { $site } est inscrit sans usine qui fabrique de tels produits chimiques.
    .expected = le nombre approximatif d'usines qui en fabriquent
    .fix = Indiquez le nombre approximatif d'usines.
C5-site-twice = Le site { $site } figure deux fois dans la liste.
    .expected = chaque site d'usines une seule fois
    .fix = Retirez l'une des inscriptions, ou corrigez son code.
C5-plant-twice = L'usine { $plant } figure deux fois dans le site.
    .expected = chaque usine PSF une seule fois
    .fix = Retirez l'une des inscriptions, ou corrigez son code.

C6 = Les formulaires « tableau 2 » et « tableau 3 » d'un site comptent chacun les usines de l'autre
    .why = Chacun des deux formulaires indique combien d'usines du même site l'autre déclare.
C6-count = { $site } : le nombre d'usines n'est pas celui de l'autre formulaire du site.
    .expected = { $count }
    .fix = Corrigez le nombre, ou les usines de l'autre formulaire.
C6-no-form = { $site } : des usines sont comptées qu'aucun autre formulaire de ce site ne déclare.
    .expected = { $count }, ou l'autre formulaire de ce site
    .fix = Envoyez l'autre formulaire, ou corrigez le nombre.

C7 = Un État a notifié chaque transfert de sa liste
    .why = Chaque transfert d'un produit chimique du tableau 1 est notifié avant d'avoir lieu, par les deux États. La liste annuelle rapporte ce que les notifications auraient dû annoncer.
C7-unnoticed = { $chemical } : il n'y a pas de notification du transfert avec { $state } à la date du { $day }.
    .expected = une notification de cet État, envoyée avant le transfert
    .received = rien
    .fix = Envoyez la notification, même tardive, ou corrigez l'État, la date ou le produit chimique sur la liste.

C8 = Les pièces jointes sont toutes présentes
    .why = Le destinataire de la déclaration doit voir s'il en manque une partie.
C8-count = Le nombre de parties n'est pas celui des pièces jointes.
    .expected = { $count }
    .fix = Corrigez le nombre, ou joignez ce qui manque.
C8-twice = Deux pièces jointes portent le nom { $file }.
    .expected = un nom pour chacune, par lequel les champs s'y réfèrent
    .fix = Renommez l'une d'elles, y compris là où il y est fait référence.
C8-missing = Aucune pièce jointe ne porte le nom { $file }.
    .expected = le nom d'une pièce jointe de cette déclaration
    .fix = Joignez le fichier, ou corrigez le nom.

C9 = Les données nationales globales comportent chaque total, une seule fois
    .why = Le traité demande chaque total de chaque produit chimique. Un champ vide ne se distingue pas d'un chiffre oublié ; nil dit qu'il n'y en a pas eu. Un produit chimique ou un État qui figure deux fois peut être compté deux fois.
C9-total = { $chemical } : « { $field } » est vide.
    .expected = une quantité, ou nil, not-applicable ou unknown
    .received = vide
    .fix = Indiquez de quelle sorte d'absence il s'agit : nil s'il n'y a eu aucune quantité.
C9-row = { $state } : la quantité est vide.
    .expected = une quantité, ou nil, not-applicable ou unknown
    .received = vide
    .fix = Indiquez la quantité, ou dites qu'elle est inférieure au seuil.
C9-twice = { $chemical } figure dans deux fiches.
    .expected = une fiche par produit chimique
    .fix = Réunissez les deux fiches, ou corrigez le produit chimique.
C9-state-twice = { $chemical } : { $state } figure dans deux lignes.
    .expected = une ligne par État
    .fix = Réunissez les deux lignes, ou corrigez l'État.

## Seuils

T1 = Une usine déclarée au titre du tableau 2 dépasse un seuil
    .why = Une usine est déclarée lorsqu'elle a fabriqué, traité ou consommé plus que le seuil au cours de l'une des trois dernières années, ou prévoit de le faire l'année suivante. Une quantité égale au seuil ne le dépasse pas. On ne peut pas voir ici si des quantités contenues dans des mélanges à faible concentration ont été laissées de côté : aucun champ ne demande les concentrations.
T1-below = L'usine { $plant } reste au-dessous du seuil pour toutes les années indiquées.
    .expected = un produit chimique au-dessus de son seuil au cours de l'une des trois dernières années, ou dont le dépassement est prévu
    .fix = Ajoutez les années antérieures, ou indiquez que les activités prévues pour l'année suivante en sont la raison.
T1-sum = L'usine { $plant } ne dépasse le seuil que si l'on additionne ses activités.
    .expected = une activité au-dessus du seuil
    .fix = Rien à faire ; la question de savoir si les activités s'additionnent n'est pas tranchée.
T1-plan = L'usine { $plant } ne prévoit rien au-dessus d'un seuil.
    .expected = un produit chimique au-dessus de son seuil, prévu ou au cours de l'une des trois années précédentes
    .fix = Corrigez les activités prévues, ou indiquez qu'une année antérieure en est la raison.

T2 = Les lignes inférieures à leur seuil peuvent être omises
    .why = Le traité demande des données sur les produits chimiques au-dessus du seuil, dans les totaux nationaux comme pour les usines, et pour les installations de recherche et médicales au-dessus de 100 grammes.
T2-below = { $chemical } : la quantité est inférieure au seuil ; elle peut être omise.
    .expected = plus de { $threshold }
    .fix = Laissez-la, ou retirez-la.
T2-record = { $chemical } : aucun total national ne dépasse le seuil ; la fiche peut être omise.
    .expected = plus de { $threshold }
    .fix = Laissez-la, ou retirez-la.
T2-facility = L'installation { $facility } reste dans les limites de ce qui n'a pas à être déclaré.
    .expected = plus de { $threshold }
    .fix = Laissez-la, ou ne déclarez pas l'installation.

T3 = L'indication relative au seuil de vérification concorde avec les quantités
    .why = Les sites au-dessus du seuil de vérification peuvent être inspectés ; l'indication doit donc découler des chiffres. Les fourchettes laissent certaines sommes ouvertes : deux produits chimiques du tableau 3 de la fourchette la plus basse peuvent ensemble dépasser ou non 200 tonnes ; seul le site le sait alors.
T3-above = Le site indique qu'il ne dépasse pas le seuil de vérification ; ses quantités le dépassent.
    .expected = true
    .fix = Corrigez l'indication ou les quantités.
T3-below = Le site indique qu'il dépasse le seuil de vérification ; ses quantités ne le dépassent pas.
    .expected = false
    .fix = Corrigez l'indication, ou expliquez-la par une autre année de la période considérée.
T3-no-psf = Le site indique qu'une usine PSF dépasse le seuil de vérification, et n'en a aucune.
    .expected = aucune indication, ou les usines PSF
    .fix = Retirez l'indication, ou ajoutez les usines PSF.

T4 = Une ligne du tableau 3 signifie plus de 30 tonnes
    .why = Les usines sont déclarées pour les produits chimiques dont elles ont fabriqué plus de 30 tonnes ; un État qui n'en a pas fabriqué davantage au total n'a donc pas d'usine de ce genre.
T4-site = { $chemical } : l'usine déclare plus que l'État n'en a fabriqué au total.
    .expected = plus de { $least } dans le total national, qui est { $total }
    .fix = Corrigez la fourchette, ou rectifiez les données nationales globales.
T4-national = { $chemical } : le total national est inférieur à ce qu'une seule usine déclarée a fabriqué.
    .expected = plus de { $least }, fabriqué sur le site { $site }
    .fix = Corrigez le total, ou rectifiez la déclaration du site d'usines.

T5 = Les installations du tableau 1 respectent leur nombre et leur taille
    .why = Un État a une installation unique à petite échelle et, en dehors de celle-ci, une installation à des fins de protection. Les installations autres que l'installation unique à petite échelle fabriquent au plus 10 kilogrammes par an.
T5-ceiling = L'installation { $facility } a fabriqué plus que ce qui est permis en une année.
    .expected = au plus { $most }
    .fix = Corrigez les quantités ou l'unité.
T5-plan = L'installation { $facility } prévoit de fabriquer plus que ce qui est permis en une année.
    .expected = au plus { $most }
    .fix = Corrigez les activités prévues ou l'unité.
T5-second = Une autre installation de ce type est déclarée pour la même année : { $other }.
    .expected = une seule installation
    .fix = Corrigez le code ou le type de l'installation.
T5-type = Ce type de déclaration concerne un autre type d'installation.
    .expected = { $allowed }
    .fix = Corrigez le type d'installation, ou choisissez l'autre type de déclaration.

T6 = Les produits du tableau 1 ne dépassent pas une tonne par État
    .why = Un État détient à tout moment au plus une tonne de produits chimiques du tableau 1, et en acquiert au plus une tonne par an, par fabrication, transfert ou autrement. Ce qui est compté ici est la présente déclaration avec les autres de cet État pour l'année.
T6-held = La quantité de produits chimiques du tableau 1 détenue à la fin de l'année dépasse celle qu'un État peut détenir.
    .expected = au plus { $most }
    .fix = Corrigez les stocks ou l'unité.
T6-largest = Les stocks maximaux, pris ensemble, dépassent ce qu'un État peut détenir à tout moment.
    .expected = au plus { $most }
    .fix = Corrigez les stocks, ou expliquez qu'ils n'ont pas été détenus en même temps.
T6-acquired = La quantité de produits chimiques du tableau 1 acquise dans l'année dépasse celle qu'un État peut acquérir.
    .expected = au plus { $most }
    .fix = Corrigez les quantités ou l'unité.

T7 = Les cuves de réaction de l'installation unique à petite échelle sont petites
    .why = Aucune cuve de réaction ne dépasse 100 litres, et celles de plus de 5 litres ont ensemble un volume de 500 litres au plus.
T7-reactor = La cuve de réaction { $reactor } est trop grande.
    .expected = au plus { $most }
    .fix = Corrigez le volume ou l'unité.
T7-total = Les cuves de réaction de plus de { $from } ont ensemble un volume trop grand.
    .expected = au plus { $most }
    .fix = Corrigez les volumes, ou l'inventaire.

T8 = La notification à bref délai ne vaut que pour une petite quantité de saxitoxine
    .why = Jusqu'à 5 milligrammes de saxitoxine peuvent être notifiés au plus tard au moment du transfert, à des fins médicales ou de diagnostic. Tout le reste doit être notifié 30 jours à l'avance.
T8-chemical = Cette notification est réservée à la saxitoxine.
    .expected = { $name }, { $cas }
    .fix = Notifiez 30 jours à l'avance, ou corrigez le produit chimique.
T8-quantity = La quantité dépasse celle qui peut être notifiée ainsi.
    .expected = au plus { $most }
    .fix = Notifiez 30 jours à l'avance, ou corrigez la quantité.
T8-purpose = Cette notification est réservée aux fins médicales et de diagnostic.
    .expected = { $allowed }
    .fix = Notifiez 30 jours à l'avance, ou corrigez la fin.

T9 = Les produits du tableau 1 sont transférés entre États parties, à des fins permises, et pas au-delà
    .why = Les transferts se font uniquement vers des États parties, à des fins de recherche, médicales, pharmaceutiques ou de protection. L'État qui reçoit ne peut pas transférer à un État tiers.
T9-partner = { $state } n'était pas un État partie à la date du { $day }.
    .expected = un État partie
    .fix = Corrigez l'État ou la date ; un tel transfert n'est pas permis.
T9-purpose = Les produits chimiques du tableau 1 ne sont pas transférés à cette fin.
    .expected = { $allowed }
    .fix = Corrigez la fin.
T9-retransfer = { $chemical } : ce qui a été reçu de l'État { $from } est envoyé à l'État { $to }.
    .expected = aucun transfert à un État tiers de ce qui a été reçu
    .fix = Expliquez d'où vient le produit chimique envoyé, ou corrigez le transfert.

T10 = Les partenaires des transferts sont des États parties
    .why = Depuis le 29 avril 2000, les produits chimiques du tableau 2 ne sont transférés qu'à destination ou en provenance d'États parties. Les exportations de produits du tableau 3 vers d'autres États exigent un certificat d'utilisation finale. Les mélanges à faible concentration et les biens de consommation sont exemptés. Aucun champ ne le dit, si ce n'est la note : c'est donc une personne qui en décide.
T10-schedule-2 = Échange de produits chimiques du tableau 2 avec { $state }, qui n'est pas un État partie.
    .expected = un État partie
    .fix = Vérifiez le partenaire, ou expliquez en vertu de quelle exception l'échange était permis.
T10-certificate = Exportation d'un produit chimique du tableau 3 vers { $state } sans certificat d'utilisation finale.
    .expected = la référence du certificat
    .received = rien
    .fix = Ajoutez la référence du certificat d'utilisation finale.

## Recoupements

X1 = Les totaux nationaux couvrent ce que déclarent les sites d'usines
    .why = Ce que les sites d'usines déclarés fabriquent, traitent et consomment fait partie du total de l'État. À un total inférieur, il manque un site ou un produit chimique ; un total de beaucoup supérieur compte peut-être ce qu'aucun site ne déclare.
X1-below = { $chemical } : le total national « { $field } » est inférieur à ce que déclarent les sites d'usines.
    .expected = au moins { $sites }
    .fix = Corrigez le total ou le site d'usines, ou expliquez la différence.
X1-excess = { $chemical } : le total national « { $field } » est de beaucoup supérieur à ce que déclarent les sites d'usines.
    .expected = environ { $sites }, à moins que les usines au-dessous du seuil n'y ajoutent beaucoup
    .fix = Vérifiez s'il manque un site d'usines ; sinon, laissez le total tel quel.
X1-unit = { $chemical } : « { $field } » et les sites d'usines diffèrent d'un facteur mille. Des kilogrammes saisis comme des tonnes ?
    .expected = environ { $sites }
    .fix = Vérifiez l'unité du total et celle des sites d'usines.
X1-no-record = { $chemical } : des sites d'usines le déclarent au-dessus du seuil, et les données nationales ne le mentionnent pas.
    .expected = une fiche avec au moins { $sites }
    .received = rien
    .fix = Ajoutez la fiche, ou corrigez le produit chimique là où il est mal nommé.

X2 = Le commerce national couvre ce que déclarent les sites d'usines
    .why = Ce que les sites d'usines déclarés importent et exportent fait partie du total de l'État ; les échanges de négociants peuvent s'y ajouter.
X2-below = { $chemical } : le total national « { $field } » est inférieur à ce que déclarent les sites d'usines.
    .expected = au moins { $sites }
    .fix = Corrigez le total ou le site d'usines, ou expliquez la différence. Vérifiez si importations et exportations n'ont pas été interverties.
X2-unit = { $chemical } : « { $field } » et les sites d'usines diffèrent d'un facteur mille. Des kilogrammes saisis comme des tonnes ?
    .expected = environ { $sites }
    .fix = Vérifiez l'unité du total et celle des sites d'usines.

X3 = La fabrication du tableau 3 concorde avec les fourchettes des sites d'usines
    .why = Les sites d'usines déclarent des fourchettes ; le total national se situe dans les limites de leur somme, ou les dépasse de ce qu'ajoutent les petits fabricants.
X3-below = { $chemical } : la fabrication nationale est inférieure à la somme des fourchettes des sites d'usines.
    .expected = au moins { $least }
    .fix = Corrigez le total ou les fourchettes, ou expliquez la différence.
X3-above = { $chemical } : la fabrication nationale est supérieure à la somme des fourchettes des sites d'usines.
    .expected = entre { $least } et { $most }, plus ce qu'ajoutent les petits fabricants
    .fix = Vérifiez s'il manque un site d'usines ; sinon, laissez le total tel quel.
X3-unit = { $chemical } : la fabrication nationale et les fourchettes des sites d'usines diffèrent d'un facteur mille. Des kilogrammes saisis comme des tonnes ?
    .expected = entre { $least } et { $most }
    .fix = Vérifiez l'unité du total et les fourchettes.
X3-no-record = { $chemical } : des sites d'usines en déclarent la fabrication, et les données nationales ne la mentionnent pas.
    .expected = une fiche avec au moins { $sites }
    .received = rien
    .fix = Ajoutez la fiche, ou corrigez le produit chimique là où il est mal nommé.

X4 = La somme des lignes par pays donne leur total
    .why = Les importations et les exportations sont déclarées au total et par pays. Les lignes inférieures au seuil peuvent rester sans chiffre ; le total se situe alors entre deux limites.
X4-total = { $chemical } : le total « { $field } » n'est pas celui des lignes.
    .expected = { $least }
    .fix = Corrigez le total ou les lignes, ou expliquez la différence.
X4-range = { $chemical } : le total « { $field } » se situe hors de ce que la somme des lignes peut donner.
    .expected = entre { $least } et { $most }
    .fix = Corrigez le total ou les lignes, ou expliquez la différence.

X5 = La fabrication concorde avec la capacité
    .why = Une usine ne fabrique guère plus que sa capacité nominale ou prévue. Un excédent vient souvent d'une unité erronée.
X5-capacity = { $chemical } : la quantité fabriquée dépasse ce que l'usine peut fabriquer.
    .expected = au plus { $most }
    .fix = Corrigez la quantité ou la capacité, ou expliquez.
X5-plan = { $chemical } : la fabrication prévue dépasse ce que l'usine peut fabriquer.
    .expected = au plus { $most }
    .fix = Corrigez les activités prévues ou la capacité, ou expliquez.
X5-unit = { $chemical } : la fabrication et la capacité diffèrent d'un facteur mille. Des kilogrammes saisis comme des tonnes ?
    .expected = au plus { $most }
    .fix = Vérifiez l'unité de la quantité et celle de la capacité.

X6 = Les stocks de produits chimiques du tableau 1 sont équilibrés
    .why = Ce qui était là à la fin de l'année précédente, et ce qui a été fabriqué ou reçu, est consommé, expédié ou encore là.
X6-balance = { $chemical } : le stock à la fin de l'année ne découle pas de celui de l'année précédente.
    .expected = { $computed }
    .fix = Corrigez le stock ou les mouvements, ou expliquez. L'année a commencé avec { $start }.
X6-balance-range = { $chemical } : le stock à la fin de l'année ne découle pas de celui de l'année précédente, quelle que soit l'installation qui a effectué les transferts de l'année.
    .expected = entre { $computed } et { $most }
    .fix = Corrigez le stock ou les mouvements, ou expliquez. L'année a commencé avec { $start }.
X6-at-end = { $chemical } : la quantité présente à la fin de l'année dépasse le maximum indiqué.
    .expected = au moins { $least }
    .fix = Corrigez l'une ou l'autre valeur.
X6-at-start = { $chemical } : la quantité présente au début de l'année dépasse le maximum indiqué.
    .expected = au moins { $least }
    .fix = Corrigez l'une ou l'autre valeur ; le stock au début est celui de l'année précédente.
X6-vanished = { $chemical } : un stock existait à la fin de l'année précédente, et il n'en est plus fait mention.
    .expected = une ligne qui dit ce qu'il est advenu de { $start }
    .received = rien
    .fix = Ajoutez le produit chimique, avec ce qui a été consommé ou expédié.

X7 = La fabrication du tableau 1 nomme ses précurseurs
    .why = Les produits chimiques du tableau 1 sont fabriqués à partir d'autres, inscrits pour la plupart à un tableau ; les toxines sont extraites.
X7-none = { $chemical } : une fabrication est déclarée ({ $produced }), et aucun précurseur n'est nommé.
    .expected = les précurseurs des tableaux 1 à 3 avec leurs quantités
    .received = rien
    .fix = Ajoutez les précurseurs, ou expliquez à partir de quoi le produit a été fabriqué.

X8 = La liste annuelle des transferts reprend les notifications de l'année
    .why = La liste reprend chaque transfert notifié, et la somme pour chaque État. Ce qui diffère a été modifié après la notification, ou mal saisi.
X8-quantity = { $chemical } : la quantité n'est pas celle qui a été notifiée.
    .expected = { $noticed }
    .fix = Corrigez la liste, ou expliquez pourquoi il a été transféré moins ou plus que ne l'annonçait { $number }.
X8-unlisted = { $chemical } : le transfert avec { $state } notifié pour le { $day } ne figure pas sur la liste.
    .expected = { $quantity }, comme notifié par { $number }
    .received = rien
    .fix = Ajoutez le transfert, ou expliquez qu'il n'a pas eu lieu.
X8-sum = { $chemical } : la quantité de l'année pour { $state } n'est pas celle des transferts.
    .expected = { $computed }
    .fix = Corrigez la somme ou les transferts.
X8-no-sum = { $chemical } : il y a des transferts avec { $state }, et aucune quantité pour l'année.
    .expected = { $computed }
    .received = rien
    .fix = Ajoutez l'État avec sa quantité pour l'année.

X9 = Ce qui a été fait était prévu, ou a été déclaré en supplément
    .why = Les activités au-dessus du seuil sont déclarées avant l'année, ou au moins cinq jours avant leur début.
X9-unplanned = { $chemical }, usine { $plant } : l'activité ne figure dans aucune déclaration d'activités prévues pour { $year }, ni d'activités supplémentaires.
    .expected = des activités prévues pour { $year }, ou une déclaration d'activités supplémentaires
    .fix = Envoyez ce qui n'a pas été déclaré, même tardivement, ou expliquez.

X10 = Ce qui a été fait est proche de ce qui était prévu
    .why = Les prévisions changent, et aucune règle ne l'interdit. Une grande différence peut venir d'un chiffre erroné d'un côté.
X10-amount = { $chemical } : « { $field } » est loin de ce qui était prévu.
    .expected = environ { $planned }
    .fix = Vérifiez le chiffre ; s'il est exact, il n'y a rien à faire.
X10-range = { $chemical } : la fourchette est loin de ce qui était prévu.
    .expected = { $planned }
    .fix = Vérifiez la fourchette ; si elle est exacte, il n'y a rien à faire.
X10-unit = { $chemical } : « { $field } » et la quantité prévue diffèrent d'un facteur mille. Des kilogrammes saisis comme des tonnes ?
    .expected = environ { $planned }
    .fix = Vérifiez l'unité ici et dans la déclaration des activités prévues.

X11 = Ce qui a changé dans un site ou une installation est dit
    .why = Le nom, l'exploitant et l'emplacement permettent de reconnaître un site. Lorsque l'un d'eux a changé, une note dit quoi et depuis quand.
X11-site = { $site } : « { $field } » n'est pas le même que l'année précédente, et aucune note ne le dit.
    .expected = { $was }
    .fix = Dites dans la note ce qui a changé et depuis quand, ou corrigez.
X11-moved = { $site } se trouve ailleurs que l'année précédente, et aucune note ne le dit.
    .expected = { $was }
    .fix = Corrigez les coordonnées, ou dites dans la note qu'elles ont été relevées de nouveau.
X11-plant = { $site }, usine { $plant } : « { $field } » n'est pas le même que l'année précédente, et aucune note ne le dit.
    .expected = { $was }
    .fix = Dites dans la note ce qui a changé et depuis quand, ou corrigez.

X12 = Les exportations directes vont à des partenaires de l'État
    .why = Lorsqu'un site d'usines exporte lui-même, les exportations de l'État pour ce produit chimique nomment les mêmes États.
X12-partner = { $chemical } : une exportation directe vers { $state } est déclarée, alors que les données nationales n'indiquent aucune exportation vers cet État.
    .expected = { $partners }
    .fix = Corrigez l'État ici, ou ajoutez-le aux exportations nationales.

X13 = Les chiffres sont dans la ligne des années antérieures de l'État
    .why = Un chiffre éloigné de toutes les années antérieures peut être exact. Un chiffre mille fois supérieur à celui de l'an dernier vient presque toujours d'une unité erronée.
X13-unit = { $chemical } : le chiffre et celui de { $year } diffèrent d'un facteur mille. Des kilogrammes saisis comme des tonnes ?
    .expected = environ { $before }
    .fix = Vérifiez l'unité ; si le chiffre est exact, expliquez.
X13-above = { $chemical } : « { $field } » est bien au-dessus des années antérieures de l'État (années comparées : { $years }).
    .expected = environ { $usual }
    .fix = Vérifiez le chiffre ; s'il est exact, il n'y a rien à faire.
X13-below = { $chemical } : « { $field } » est bien au-dessous des années antérieures de l'État (années comparées : { $years }).
    .expected = environ { $usual }
    .fix = Vérifiez le chiffre ; s'il est exact, il n'y a rien à faire.
X13-copied = { $chemical } : tous les totaux sont ceux de { $year }.
    .expected = les totaux de cette année
    .received = les totaux de { $year }
    .fix = Vérifiez si la fiche de l'an dernier n'a pas été envoyée de nouveau ; si les chiffres sont exacts, il n'y a rien à faire.
X13-swapped = { $chemical } : les importations sont ce que les exportations étaient en { $year }, et inversement. Des colonnes interverties ?
    .expected = importations environ { $imported }, exportations environ { $exported }
    .fix = Vérifiez quelle colonne est laquelle, ainsi que les pays qui suivent ; si elles sont exactes, expliquez.

## Réponses et rectifications

A1 = Chaque réponse atteint la constatation à laquelle elle répond
    .why = À une constatation à expliquer, on peut répondre par une raison, qui est transmise dans la déclaration. Une réponse vaut pour une règle à un emplacement, jusqu'à sa dernière année ; quand des lignes sont renommées, des chiffres corrigés ou que les années passent, elle peut ne plus rien atteindre. On le signale alors, afin qu'aucune raison ne reste sans être lue.
A1-unfit = La réponse à { $rule } n'atteint aucune constatation.
    .expected = une constatation ouverte de la règle { $rule } à l'emplacement { $place }
    .received = aucune
    .fix = Retirez la réponse, ou donnez-la de nouveau pour l'emplacement constaté à présent : sextant answer FILE.
A1-expired = La réponse à { $rule } valait jusqu'en { $until }.
    .expected = une réponse qui vaut pour l'année de déclaration
    .received = une réponse qui vaut jusqu'en { $until }
    .fix = Voyez si la raison vaut toujours, et répondez de nouveau : sextant answer FILE.
A1-must-fix = Ce que constate { $rule } doit être corrigé ; une réponse ne le règle pas.
    .expected = une correction à l'emplacement { $place }
    .received = une réponse
    .fix = Corrigez l'emplacement et retirez la réponse.

A2 = Une rectification ou un retrait désigne la version qui fait foi
    .why = Une rectification énumère les emplacements modifiés d'une version ; appliquée à une autre version, elle modifierait autre chose. Chaque modification dit ce qui figurait là auparavant, afin que personne ne rectifie ce qu'il n'a pas vu.
A2-unknown = { $id } n'est pas parmi les déclarations comparées.
    .expected = la version { $version } de la déclaration { $id } parmi celles de l'État
    .received = rien
    .fix = Vérifiez ce document avec ce qu'il désigne : sextant check FILE --with OTHER.
A2-version = { $id } : une autre version fait foi.
    .expected = { $holding }
    .fix = Établissez de nouveau la rectification ou le retrait, à partir de la version qui fait foi.
A2-filing = { $id } est déjà une rectification ou un retrait.
    .expected = une déclaration dans laquelle quelque chose est déclaré
    .fix = Rectifiez de nouveau la déclaration sur laquelle elle porte.
A2-place = { $place } ne contient pas ce que la rectification dit y avoir trouvé.
    .expected = { $expected }
    .fix = Établissez de nouveau la rectification, à partir de la version qu'elle rectifie : sextant diff OLD NEW --as-amendment REASON.

## Le registre

REG-0 = Une déclaration est d'une taille que l'on peut traiter
    .why = Le registre lit une déclaration en entier. Une déclaration qui dépasse sa limite n'est pas lue ; si elle donne lieu à plus de constatations qu'une personne ne peut en traiter, les premières sont montrées.
REG-1 = C'est l'autorité nationale d'un État qui fait ses déclarations
    .why = Chaque État partie désigne une autorité nationale comme centre de liaison ; nul autre ne déclare pour lui.
REG-2 = Les versions d'une déclaration se suivent
    .why = Ce qui a été enregistré n'est jamais écrasé. Une correction est une version supérieure, ou une rectification de la version enregistrée.
REG-3 = Une déclaration garde son type
    .why = Un numéro désigne une seule déclaration. Un autre type de déclaration a son propre numéro.
REG-4 = Une rectification ou un retrait désigne la dernière version enregistrée
    .why = Une rectification donne la version suivante. Deux rectifications d'une même version donneraient deux versions suivantes, et nul ne pourrait dire laquelle fait foi.
REG-5 = Toutes les déclarations qui importent sont comparées
    .why = Une déclaration est comparée avec ce que son État a déposé. Lorsque cela dépasse ce que le registre lit en une fois, les plus récentes sont comparées, et cela est signalé.
REG-6 = Un paquet de documents est lisible
    .why = Plusieurs documents voyagent dans un paquet avec leur liste. Si la liste et les documents ne concordent pas, nul ne peut dire ce qui a été déclaré ; rien n'en est donc repris.
REG-7 = Les pièces jointes sont des documents que l'on peut ouvrir
    .why = Les pièces jointes sont conservées telles quelles et jamais décompressées. Une archive qui écrirait trop, ou hors de son dossier, ou qui en cache une autre, reste fermée.
REG-8 = Les fichiers que nomme une déclaration sont ceux qui l'accompagnent
    .why = Une déclaration énumère ses pièces jointes et leurs empreintes. Quand des documents l'accompagnent, chacun est comparé, afin que nul ne lise un autre fichier que celui qui était visé.
