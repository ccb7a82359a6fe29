# Drafted by machine; not yet reviewed by a person.
# 中文依英文写成：英文是合同文本的语言，随回执一同传送。
# 与规则同名的消息是该规则的标题；`why` 说明其理由。“规则-方式”是不符合该规则的一种情形的措辞。

## 结构

S0 = 文件具有该类宣布的形式
    .why = 每一类宣布都有公布的格式。不符合格式之处若不猜测便无法读取，因此只予指出，不作猜测。
S0Expected = { $what ->
        [amount] 数值和单位（{ $allowed }），或没有数值的原因
        [choice] { $allowed } 之一
        [code] 代码：大写字母、数字、- 和 _，最多 32 个字符
        [day] 日期，写作 YYYY-MM-DD
        [decimal] 加引号的数字，只用小数点，不用其他符号，如 "1250.5"
        [digest] 64 位十六进制数字，字母小写
        [group] 一组成员：{ $allowed }
        [integer] 整数，不加引号
        [kind] 宣布的种类：sextant new --list
        [latitude] 北纬度数，加引号，如 "52.0907" 或 "-33.45"
        [letters] 三个大写字母
        [list] 列表；没有可列的内容时写 []
        [longitude] 东经度数，加引号，如 "4.3007" 或 "-70.66"
        [money] 数值和单位（货币，如 EUR），或没有数值的原因
        [number] 3 至 64 个字母、数字、点、- 和 _
        [pointer] 以 JSON 指针表示的位置，如 /records/0/produced
        [rule] 规则，如 X4：sextant rules list
        [schema] sextant.、种类及其版本，如 sextant.s2-and/1
        [state] 三个大写字母的国家代码
        [text] 文字
        [truth] true 或 false，不加引号
        [way] 不符合规则的方式，如该项意见所称：小写字母、数字、- 和 _
       *[other] 该类宣布的格式在此处所要求的内容
    }
S0-unreadable = 这不是可读取的文件：{ $reason }。
    .expected = { $expected }
    .received = 其他形式的字节
    .fix = 请重新导出该宣布并提交导出的文件。
S0-kind = 这不是此处受理的宣布种类。
    .expected = { $allowed }
    .received = 无
    .fix = { $nearest ->
        [none] 请写明宣布的种类。
       *[other] 如所指为 { $nearest }，请照此填写。
    }
S0-schema = 此格式不属于该类宣布。
    .expected = { $allowed }
    .received = 无
    .fix = 请写明该类宣布的格式，并使用此处已知的版本。
S0-missing = 此处必须填写。
    .expected = { S0Expected }
    .received = 无
    .fix = { $what ->
        [amount] 请补充。零写作 "0" 并附单位；没有此项活动时写 nil；不知道时写 unknown。
       *[other] 请补充。
    }
S0-blank = 此处为空白。
    .expected = { S0Expected }
    .received = 空白
    .fix = { $what ->
        [amount] 零写作 "0" 并附单位；没有此项活动时写 nil；不知道时写 unknown。
        [decimal] 零写作 "0"；没有此项活动时以 nil 代替数值和单位；不知道时写 unknown。
        [list] 请写 []，或不写此成员。
       *[other] 请填写。
    }
S0-type = 此处的内容与所要求的类型不同。
    .expected = { S0Expected }
    .fix = 请按所要求的形式填写。
S0-form = 此处的内容不符合所要求的形式。
    .expected = { S0Expected }
    .fix = 请按所要求的形式填写。
S0-choice = 这不是可选的答案之一。
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] 请选择其中一个答案。
       *[other] 如所指为 { $nearest }，请照此填写。
    }
S0-unknown = 此处没有名为 { $name } 的成员。
    .expected = { $allowed }
    .fix = { $nearest ->
        [none] 请将其删除，或使用格式所规定的名称。
       *[other] 如所指为 { $nearest }，请照此填写。
    }
S0-long = 此处过长。
    .expected = 最多 { $limit } 个字符
    .fix = 请缩短，或作为随附文件提交。
S0-few = 列表过短。
    .expected = 至少 { $limit } 项
    .fix = 请补充缺少的内容。
S0-many = 列表过长。
    .expected = 最多 { $limit } 项
    .fix = 请拆分该宣布，或向秘书处询问办法。
S0-small = 数字过小。
    .expected = 至少 { $limit }
    .fix = 请更正数字。
S0-large = 数字过大。
    .expected = 最多 { $limit }
    .fix = 请更正数字。
S0-day = 日历上没有这一天。
    .expected = 日期，写作 YYYY-MM-DD
    .fix = 年份写四位，月和日各写两位：2025-06-30。
S0-amount = 数量应有数值和单位，或写明没有数值的原因，二者不可并存。
    .expected = 数值和单位（{ $allowed }），或 nothing：nil、not-applicable、unknown
    .fix = 请同时给出 value 和 unit，或只写 nothing。

## 形式

F1 = CAS 号的校验位正确
    .why = CAS 号的最后一位由其余各位算出。最后一位不符的号码系误写，所指为另一化学品，或不指任何化学品。
F1-mistyped = { $name } 的 CAS 号有误。
    .expected = 数字-数字-数字，最后一位为校验位
    .fix = 请从原始资料重新抄录 CAS 号。

F2 = CAS 号、名称、附表和条目相互一致
    .why = 关于化学品的附件以名称和 CAS 号列出大多数化学品。某些族的成员未逐一列出：此时由条目和结构说明该化学品属于该族。
F2-schedule = { $name } 列于附表的另一部分。
    .expected = { $schedule }
    .received = 无
    .fix = 请更正附表或 CAS 号。
F2-scheduled = { $name } 列于附表 { $schedule }；此处只填写不属于任何附表的化学品。
    .expected = 不列于任何附表的化学品
    .fix = 请更正 CAS 号，或在宣布该附表之处宣布此化学品。
F2-entry = { $name } 是 { $schedule } 的另一条目。
    .expected = { $entry }
    .fix = 请更正条目或 CAS 号。
F2-not-yet = { $name } 当时尚未列入附表。
    .expected = { $first } 起的日期
    .fix = 请更正年份，或删除该化学品。
F2-name = 此名称属于另一化学品，而非 CAS 号 { $cas } 所指的化学品。
    .expected = { $name }；或 CAS 号 { $other }
    .fix = 请更正名称或 CAS 号。
F2-unfamiliar = 清单中 { $cas } 使用另一名称。
    .expected = { $name }
    .fix = 请核对二者所指相同；允许使用其他名称。
F2-other-cas = 附表中 { $name } 的 CAS 号与此不同。
    .expected = { $cas }
    .fix = 请更正 CAS 号或名称。
F2-no-cas = { $name } 有 CAS 号，但此处没有填写。
    .expected = { $cas }
    .received = 无
    .fix = 请补充 CAS 号。
F2-no-family = { $schedule } 部分没有族；此化学品不在其中。
    .expected = 清单中的化学品：sextant codes list chemicals
    .fix = 请更正 CAS 号或名称，或删除该化学品。
F2-which-family = { $name } 不在清单中。它属于哪一族？
    .expected = { $schedule } 的条目编号：{ $entries }
    .received = 无
    .fix = 请写明条目，或更正 CAS 号。
F2-single = { $schedule } 的这一条目不是族，而此化学品也不是该条目所列的化学品。
    .expected = 一个族：{ $entries }
    .fix = 请更正条目，或更正 CAS 号和名称。
F2-no-structure = 缺少 { $name } 的结构；没有结构便无法看出它属于该族。
    .expected = SMILES 或 InChI，或结构图
    .received = 无
    .fix = 请给出结构式，或附上结构图。
F2-member = 根据结构，{ $name } 被视为族 { $schedule }({ $entry }) 的成员。
    .expected = 清单中的 CAS 号，或条目和结构
    .fix = 如 CAS 号无误，则无需处理。
F2-salt = 没有条目包括 { $name } 的盐类。
    .expected = 其条目写有“及相应盐类”的母体化合物
    .fix = 请更正母体化合物，或删除该化学品。

F3 = 国家代码存在，且对方为另一国家
    .why = 国家以 ISO 3166-1 三字母代码表示，以事件发生之日或报告年度终了时的代码为准。一国不与自身贸易，并且只就本国的转让作出通知。
F3-unknown = { $code } 在 { $day } 不是国家代码。
    .expected = 国家清单中的代码
    .fix = 请查找代码：sextant codes search NAME。
F3-self = 一国不与自身贸易。
    .expected = { $state } 以外的国家
    .fix = 请写明另一国家。
F3-stranger = 此项转让的双方均不是作出通知的国家。
    .expected = { $state } 为发送方或接受方
    .fix = 请更正转让所涉的国家。

F4 = 数量是合理的数字
    .why = 没有比零更轻的东西，也没有人把吨称量到克。位数过多往往表示单位有误。
F4-negative = 数量为负数。
    .expected = 零或以上
    .fix = 请更正正负号。
F4-precise = 数量的位数多于实际称量所能达到的位数。
    .expected = 最多 { $digits } 位有效数字
    .fix = 请取整，或说明此精度的理由。

F5 = 年份和日期在所报告的范围之内
    .why = 附表2回溯三年；计划和转让属于其所宣布的年度；过去为化学武器目的的生产自1946年1月1日起计；开始不晚于结束。
F5-look-back = 回溯包括报告年度之前的两年。
    .expected = { $first } 或 { $last }
    .fix = 请更正年份。
F5-twice = { $name }：回溯中 { $year } 出现两次。
    .expected = 每一年一次
    .fix = 请更正其中一个年份。
F5-reversed = 结束早于开始。
    .expected = 开始不晚于结束
    .fix = 请对调两个日期，或更正其一。
F5-outside-year = 此期间在所宣布的年度之外。
    .expected = { $year } 年内的日期
    .fix = 请更正日期；属于另一年度的内容在该年度宣布。
F5-period = 年度销毁期开始于所宣布年份以外的年份。
    .expected = 开始于 { $year }
    .fix = 请更正期间或年份。
F5-transfer-day = 此项转让在报告年度之外。
    .expected = { $year } 年内的一天
    .fix = 请更正日期，或在转让所属的年度宣布。
F5-before-begin = 活动早于所填写的开始日期。
    .expected = { $begin } 或以后
    .fix = 请更正此日期，或更正 event_date。
F5-past-cw = 此处要求填写自1946年至公约生效的内容。
    .expected = { $first } 至 { $last }
    .fix = 请更正日期。
F5-before-convention = 此日期早于公约生效。
    .expected = { $first } 或以后
    .fix = 请更正日期，或予以说明。
F5-previous-year = 初始宣布报告公约生效前一年的情况。
    .expected = { $year }
    .fix = 请更正年份，或说明哪一年是最后一个完整年度。
F5-not-late = 预计提交日期早于到期日：此时并不迟延。
    .expected = { $due } 之后的日期
    .fix = 请更正其中一个日期，或不发送此通知。

F6 = 豁免的化学品不宣布
    .why = 关于化学品的附件列有少数符合附表2某一族而获豁免的化学品，其中一些连同其盐类。
F6-exempt = { $name } 获附表2豁免，不予宣布。
    .expected = 未获豁免的化学品
    .fix = 请删除此化学品。
F6-salt = { $name } 的盐类获附表2豁免，不予宣布。
    .expected = 未获豁免的化学品
    .fix = 请删除此化学品。

F7 = 代码列于相应清单
    .why = 活动、目的、产品组、范围、理由和原因以代码表示，以便各项宣布可以比较。
F7-activities = { $code } 不是活动清单中的代码。
    .expected = { $allowed }
    .fix = 请选择清单中的代码：sextant codes list activities。
F7-purposes = { $code } 不是目的清单中的代码。
    .expected = { $allowed }
    .fix = 请选择清单中的代码：sextant codes list purposes。
F7-product_groups = { $code } 不是产品组清单中的代码。
    .expected = { $allowed }
    .fix = 请选择清单中的代码：sextant codes list product_groups。
F7-amendment_reasons = { $code } 不是理由清单中的代码。
    .expected = { $allowed }
    .fix = 请选择清单中的代码：sextant codes list amendment_reasons。
F7-transfer_causes = { $code } 不是原因清单中的代码。
    .expected = { $allowed }
    .fix = 请选择清单中的代码：sextant codes list transfer_causes。
F7-ranges = { $code } 不是此制度的范围代码。
    .expected = { $allowed }
    .fix = 请选择清单中的范围：sextant codes list ranges。
F7-regime = { $code } 属于另一附表。
    .expected = { $allowed }
    .fix = 请选择所宣布附表的代码。
F7-kind = { $code } 不是宣布的种类。
    .expected = 目录中的种类：sextant new --list
    .fix = 请写明将迟延的宣布种类。

F8 = 厂区位于宣布国境内，转让一方位于其本国境内
    .why = 一国宣布其领土上或其管辖或控制下任何其他地方的情况。转让的发送方或接受方位于发送国或接受国境内。
F8-elsewhere = 地址所在国不是宣布国。
    .expected = { $state }
    .fix = 请更正国家，或说明该地点受何国管辖。
F8-party = 地址所在国不是此项转让在这一方所列的国家。
    .expected = { $state }
    .fix = 请更正地址所在国或转让所涉国家，或予以说明。

F9 = 单位符合附表的规定
    .why = 附表1以克宣布，附表2和附表3以吨宣布。使用其他单位往往是千倍之误。
F9-schedule-1 = 附表1不以此单位宣布。
    .expected = { $allowed }
    .fix = 请换算数量，或更正单位。
F9-schedules-2-3 = 附表2和附表3不以此单位宣布。
    .expected = { $allowed }
    .fix = 请换算数量，或更正单位。

F10 = 坐标位于地球上
    .why = 确切位置以北纬和东经度数表示；不可能的数字往往是二者互换位置。
F10-latitude = 没有任何地点具有此纬度。
    .expected = -{ $limit } 至 { $limit }
    .fix = 请更正纬度；请查看是否与经度互换。
F10-longitude = 没有任何地点具有此经度。
    .expected = -{ $limit } 至 { $limit }
    .fix = 请更正经度。

## 完整性

C1 = 每年都有的宣布，今年也有
    .why = 大多数宣布每年到期。今年没有可宣布的内容时，以 nil 宣布说明；没有任何表示则像是遗漏。
C1-again = { $state } 没有像上一年那样就 { $year } 年提交 { $kind }。
    .expected = { $year } 年的 { $kind }，或 nil 宣布
    .received = 无
    .fix = 请提交该宣布，或就此提交 nil 宣布。上一年的宣布为 { $number }。
C1-facility = { $state } 没有就设施 { $site } 提交 { $year } 年的 { $kind }。
    .expected = { $site } 在 { $year } 年的 { $kind }
    .received = 无
    .fix = 请提交该宣布；如设施已关闭，请撤回该设施。此要求源自 { $number }。
C1-sites = { $state } 就 { $year } 年宣布了厂区，但没有提交 { $kind }。
    .expected = { $year } 年的 { $kind }：厂区的活动计入全国数据
    .received = 无
    .fix = 请提交全国合计数据。有关厂区的宣布为 { $number }。
C1-notices = { $state } 在 { $year } 年就转让作出了通知，但没有提交 { $kind }。
    .expected = { $year } 年的 { $kind }
    .received = 无
    .fix = 请提交年度转让清单。其中一项通知为 { $number }。
C1-nil = { $state } 就 { $year } 年的 { $scope } 提交 nil 宣布，同时又提交 { $kind }。
    .expected = 二者之一
    .received = 二者并存
    .fix = 请修正 nil 宣布，或撤回 { $number }。

C2 = 附表2车间在三年期满之前继续宣布
    .why = 最近三年中有一年超过阈值的车间应予宣布，即使已不再有活动；其数量可以为零。
C2-site = { $state } 没有就 { $site } 提交 { $year } 年的 { $kind }，而该厂区在 { $active } 年超过阈值。
    .expected = { $site } 在 { $year } 年的 { $kind }，没有活动之处写 nil
    .received = 无
    .fix = 请提交该宣布；如厂区已关闭，请将其撤回。以前的数字见 { $number }。
C2-plant = { $site } 在 { $year } 年的宣布中没有车间 { $plant }，而该车间在 { $active } 年超过阈值。
    .expected = { $site } 的 { $kind } 中有车间 { $plant }
    .received = 无
    .fix = 请补充该车间，没有活动之处写 nil。以前的数字见 { $number }。

C3 = 计划过的活动事后予以报告
    .why = 对某一年有计划的厂区，在该年之后也予宣布，或说明为何不宣布。
C3-planned = { $state } 宣布了 { $site } 在 { $year } 年的计划，但没有提交其 { $kind }。
    .expected = { $site } 在 { $year } 年的 { $kind }
    .received = 无
    .fix = 请提交该宣布，或说明计划没有实施。该计划为 { $number }。

C4 = 附表2厂区的宣布完整
    .why = 每个厂区至少有一个车间，每个车间有一种化学品和一项活动，每种化学品有目的、生产能力和数量；计划的活动有其期间。
C4-no-plant = 该厂区没有车间。
    .expected = 至少一个车间
    .received = 无
    .fix = 请补充车间。
C4-no-chemical = 车间 { $plant } 没有化学品。
    .expected = 至少一种化学品
    .received = 无
    .fix = 请补充该车间的附表2化学品。
C4-no-activity = 车间 { $plant } 没有活动。
    .expected = PRODUCE、PROCESS 或 CONSUME
    .received = 无
    .fix = 请写明该车间的活动。
C4-no-purpose = { $chemical } 没有目的。
    .expected = 至少一个目的
    .received = 无
    .fix = 请补充目的。
C4-no-capacity = { $chemical } 没有生产能力。
    .expected = 每年吨数；不生产时写 not-applicable
    .received = 无
    .fix = 请补充铭牌能力或设计能力。
C4-blank = { $chemical }：{ $field } 为空白。
    .expected = 数量，或 nil、not-applicable 或 unknown
    .received = 空白
    .fix = 请写明属于哪一种“无”：没有时写 nil。
C4-no-look-back = { $chemical }：初始宣布没有包括三年。
    .expected = 报告年度之前的两年
    .received = 无
    .fix = 请补充以前的年份，没有活动之处写 nil。
C4-no-period = { $chemical }：计划的 { $activity } 没有期间。
    .expected = 起止时间
    .received = 无
    .fix = 请补充此项活动的期间。

C5 = 其他化学生产设施（OCPF）的厂区说明列入清单的原因
    .why = 厂区因其特定有机化学品、因其磷硫氟车间（PSF），或因二者而列入清单；磷硫氟车间的数目应准确。每个厂区和车间在清单中只出现一次。
C5-no-range = 厂区 { $site } 既没有 DOC 范围，也没有磷硫氟车间。
    .expected = doc_range，或 psf_plants，或二者
    .received = 无
    .fix = 请说明该厂区列入清单的原因。
C5-count = 磷硫氟车间的数目与所列车间不符。
    .expected = { $count }
    .fix = 请更正数目或清单。
C5-no-plants = 厂区 { $site } 列入清单，但没有生产此类化学品的车间。
    .expected = 生产此类化学品的车间的大约数目
    .fix = 请给出车间的大约数目。
C5-site-twice = 厂区 { $site } 在清单中出现两次。
    .expected = 每个厂区一次
    .fix = 请删除其一，或更正其代码。
C5-plant-twice = 车间 { $plant } 在厂区中出现两次。
    .expected = 每个磷硫氟车间一次
    .fix = 请删除其一，或更正其代码。

C6 = 同一厂区的附表2表格和附表3表格互相计入对方的车间
    .why = 两种表格都写明另一表格宣布了同一厂区的多少个车间。
C6-count = { $site }：车间数目与该厂区另一表格不符。
    .expected = { $count }
    .fix = 请更正数目，或更正另一表格的车间。
C6-no-form = { $site }：所计入的车间没有在该厂区的任何其他表格中宣布。
    .expected = { $count }，或该厂区的另一表格
    .fix = 请提交另一表格，或更正数目。

C7 = 清单上的每项转让都曾作出通知
    .why = 附表1化学品的每项转让在进行之前由双方国家作出通知。年度清单重述通知应已说明的内容。
C7-unnoticed = { $chemical }：与 { $state } 在 { $day } 的转让没有通知。
    .expected = 本国在转让之前发送的通知
    .received = 无
    .fix = 请补发通知（虽已迟延），或更正清单上的国家、日期或化学品。

C8 = 随附文件齐全
    .why = 收到宣布的一方必须能看出是否缺少某一部分。
C8-count = 部分的数目与随附文件的数目不符。
    .expected = { $count }
    .fix = 请更正数目，或附上缺少的文件。
C8-twice = 有两个随附文件名为 { $file }。
    .expected = 每个随附文件各有一个供引用的名称
    .fix = 请改名其一，引用之处也相应更改。
C8-missing = 没有名为 { $file } 的随附文件。
    .expected = 本宣布中某一随附文件的名称
    .fix = 请附上该文件，或更正名称。

C9 = 全国合计数据的每项总数各有一次
    .why = 公约要求每种化学品的每项总数。空白与遗忘的数字无法区分；nil 表示没有。出现两次的化学品或国家可能被重复计算。
C9-total = { $chemical }：{ $field } 为空白。
    .expected = 数量，或 nil、not-applicable 或 unknown
    .received = 空白
    .fix = 请写明属于哪一种“无”：没有时写 nil。
C9-row = { $state }：数量为空白。
    .expected = 数量，或 nil、not-applicable 或 unknown
    .received = 空白
    .fix = 请给出数量，或说明低于阈值。
C9-twice = { $chemical } 出现在两项记录中。
    .expected = 每种化学品一项记录
    .fix = 请合并两项记录，或更正化学品。
C9-state-twice = { $chemical }：{ $state } 出现在两行中。
    .expected = 每个国家一行
    .fix = 请合并两行，或更正国家。

## 阈值

T1 = 所宣布的附表2车间超过阈值
    .why = 最近三年中有一年生产、加工或消耗的数量超过阈值，或计划在下一年超过阈值的车间，应予宣布。恰好等于阈值不算超过。此处无法看出是否已扣除低浓度混合物中的数量：没有成员要求填写浓度。
T1-below = 车间 { $plant } 在所填各年均未超过阈值。
    .expected = 有一种化学品在最近三年之一超过阈值，或计划超过阈值
    .fix = 请补充以前的年份，或说明理由是下一年的计划。
T1-sum = 车间 { $plant } 只有在各项活动相加时才超过阈值。
    .expected = 有一项活动超过阈值
    .fix = 无需处理；各项活动是否相加尚无定论。
T1-plan = 车间 { $plant } 没有超过阈值的计划。
    .expected = 有一种化学品超过阈值，属于计划或属于此前三年之一
    .fix = 请更正计划，或说明理由是此前的某一年。

T2 = 低于阈值的行可以省略
    .why = 公约要求提供超过阈值的化学品的数据，全国总数如此，车间也如此；研究和医疗设施则为超过100克。
T2-below = { $chemical } 低于其阈值，可以省略。
    .expected = 超过 { $threshold }
    .fix = 可以保留，也可以删除。
T2-record = { $chemical }：没有一项全国总数超过其阈值；此记录可以省略。
    .expected = 超过 { $threshold }
    .fix = 可以保留，也可以删除。
T2-facility = 设施 { $facility } 在无需宣布的范围之内。
    .expected = 超过 { $threshold }
    .fix = 可以保留，也可以不宣布该设施。

T3 = 关于核查阈值的陈述与数量相符
    .why = 超过核查阈值的厂区可受视察，因此陈述必须由数字得出。范围使某些总和不能确定：两种最低范围的附表3化学品合计可能高于也可能低于200吨；此时只有厂区知道。
T3-above = 厂区称未超过核查阈值，而其数量超过。
    .expected = true
    .fix = 请更正陈述或数量。
T3-below = 厂区称超过核查阈值，而其数量未超过。
    .expected = false
    .fix = 请更正陈述，或以期间内的另一年予以说明。
T3-no-psf = 厂区称有一个磷硫氟车间超过核查阈值，但没有磷硫氟车间。
    .expected = 没有此项陈述，或有磷硫氟车间
    .fix = 请删除此项陈述，或补充磷硫氟车间。

T4 = 附表3的一行表示超过30吨
    .why = 车间宣布其生产超过30吨的化学品，因此总产量不超过30吨的国家没有此类车间。
T4-site = { $chemical }：车间所宣布的数量多于该国的总产量。
    .expected = 全国总数超过 { $least }，而全国总数为 { $total }
    .fix = 请更正范围，或修正全国合计数据。
T4-national = { $chemical }：全国总数少于仅一个所宣布车间的产量。
    .expected = 超过 { $least }，由厂区 { $site } 生产
    .fix = 请更正总数，或修正该厂区的宣布。

T5 = 附表1设施的数目和规模符合规定
    .why = 一国有一个单一小规模设施，在其之外有一个用于防护性目的的设施。单一小规模设施以外的设施每年最多生产10千克。
T5-ceiling = 设施 { $facility } 一年的产量超过允许的数量。
    .expected = 最多 { $most }
    .fix = 请更正数量或单位。
T5-plan = 设施 { $facility } 计划的产量超过一年允许的数量。
    .expected = 最多 { $most }
    .fix = 请更正计划或单位。
T5-second = 同一年度还宣布了另一个此类设施：{ $other }。
    .expected = 一个设施
    .fix = 请更正设施的代码或类型。
T5-type = 此类宣布适用于另一类型的设施。
    .expected = { $allowed }
    .fix = 请更正类型，或选择另一类宣布。

T6 = 一国的附表1化学品不超过一吨
    .why = 一国在任何时候保有的附表1化学品最多一吨，每年通过生产、转让和其他方式获得的最多一吨。此处所计为本宣布连同该国同年的其他宣布。
T6-held = 年终保有的附表1化学品多于一国可以保有的数量。
    .expected = 最多 { $most }
    .fix = 请更正库存或单位。
T6-largest = 各项最大库存合计多于一国在任何时候可以保有的数量。
    .expected = 最多 { $most }
    .fix = 请更正库存，或说明这些库存并非同时保有。
T6-acquired = 一年中获得的附表1化学品多于一国可以获得的数量。
    .expected = 最多 { $most }
    .fix = 请更正数量或单位。

T7 = 单一小规模设施的反应器容积有限
    .why = 任何反应器不超过100升，容积超过5升的反应器合计不超过500升。
T7-reactor = 反应器 { $reactor } 过大。
    .expected = 最多 { $most }
    .fix = 请更正容积或单位。
T7-total = 容积超过 { $from } 的反应器合计过大。
    .expected = 最多 { $most }
    .fix = 请更正容积，或更正设备清单。

T8 = 短期通知只适用于少量石房蛤毒素
    .why = 为医疗或诊断目的转让不超过5毫克的石房蛤毒素，可在转让之时作出通知。其他情况需要提前30天的通知。
T8-chemical = 此通知适用于石房蛤毒素。
    .expected = { $name }，{ $cas }
    .fix = 请作出提前30天的通知，或更正化学品。
T8-quantity = 此数量超过可如此通知的数量。
    .expected = 最多 { $most }
    .fix = 请作出提前30天的通知，或更正数量。
T8-purpose = 此通知适用于医疗和诊断目的。
    .expected = { $allowed }
    .fix = 请作出提前30天的通知，或更正目的。

T9 = 附表1化学品只在缔约国之间为允许的目的转让，并且不再转让
    .why = 只可向缔约国转让，且仅用于研究、医疗、药物或防护性目的。接受方不得再转让给第三国。
T9-partner = { $state } 在 { $day } 不是缔约国。
    .expected = 缔约国
    .fix = 请更正国家或日期；此项转让不被允许。
T9-purpose = 附表1化学品不得为此目的转让。
    .expected = { $allowed }
    .fix = 请更正目的。
T9-retransfer = { $chemical } 收自 { $from }，又发往 { $to }。
    .expected = 不将所收到的化学品转让给第三国
    .fix = 请说明所发送化学品的来源，或更正此项转让。

T10 = 转让的对方为缔约国
    .why = 自2000年4月29日起，附表2化学品只可转让给缔约国或从缔约国接受。向其他国家出口附表3化学品需要最终用途证书。低浓度混合物和消费品不在此限；只有备注可以说明这一点，因此由人判断。
T10-schedule-2 = 与 { $state } 的附表2贸易，而该国不是缔约国。
    .expected = 缔约国
    .fix = 请核对对方，或说明依据何种例外得到允许。
T10-certificate = 向 { $state } 出口附表3化学品而没有最终用途证书。
    .expected = 证书的编号
    .received = 无
    .fix = 请补充最终用途证书的编号。

## 交叉核对

X1 = 全国总数包括各厂区所宣布的数量
    .why = 所宣布厂区的生产、加工和消耗是全国总数的一部分。总数较小，则遗漏了厂区或化学品；总数大得多，则可能计入了没有厂区宣布的数量。
X1-below = { $chemical }：全国总数 { $field } 少于其厂区所宣布的数量。
    .expected = 至少 { $sites }
    .fix = 请更正总数或厂区，或说明差异。
X1-excess = { $chemical }：全国总数 { $field } 远多于其厂区所宣布的数量。
    .expected = 约 { $sites }，除非低于阈值的车间增加很多
    .fix = 请查看是否缺少厂区；否则无需处理。
X1-unit = { $chemical }：{ $field } 与其厂区相差千倍。是否把千克填作吨？
    .expected = 约 { $sites }
    .fix = 请核对总数和厂区的单位。
X1-no-record = { $chemical }：厂区宣布其超过阈值，而全国数据没有宣布。
    .expected = 至少 { $sites } 的一项记录
    .received = 无
    .fix = 请补充该记录，或在误写之处更正化学品。

X2 = 全国贸易包括各厂区所宣布的数量
    .why = 所宣布厂区的进口和出口是全国总数的一部分；贸易商可使其增加。
X2-below = { $chemical }：全国总数 { $field } 少于其厂区所宣布的数量。
    .expected = 至少 { $sites }
    .fix = 请更正总数或厂区，或说明差异。请查看进口和出口是否互换。
X2-unit = { $chemical }：{ $field } 与其厂区相差千倍。是否把千克填作吨？
    .expected = 约 { $sites }
    .fix = 请核对总数和厂区的单位。

X3 = 附表3的生产与厂区的范围相符
    .why = 厂区宣布范围；全国总数在范围之和以内，或因小生产者而高于其和。
X3-below = { $chemical }：全国产量少于其厂区范围之和。
    .expected = 至少 { $least }
    .fix = 请更正总数或范围，或说明差异。
X3-above = { $chemical }：全国产量多于其厂区范围之和。
    .expected = { $least } 至 { $most }，加上小生产者的数量
    .fix = 请查看是否缺少厂区；否则无需处理。
X3-unit = { $chemical }：全国产量与其厂区的范围相差千倍。是否把千克填作吨？
    .expected = { $least } 至 { $most }
    .fix = 请核对总数和范围的单位。
X3-no-record = { $chemical }：厂区宣布其生产，而全国数据没有宣布。
    .expected = 至少 { $sites } 的一项记录
    .received = 无
    .fix = 请补充该记录，或在误写之处更正化学品。

X4 = 各国家的行与其总数相符
    .why = 进口和出口以总数并按国家宣布。低于阈值的行可以没有数字；此时总数在一个范围之内。
X4-total = { $chemical }：总数 { $field } 与其各行之和不符。
    .expected = { $least }
    .fix = 请更正总数或各行，或说明差异。
X4-range = { $chemical }：总数 { $field } 在其各行可能之和以外。
    .expected = { $least } 至 { $most }
    .fix = 请更正总数或各行，或说明差异。

X5 = 生产与生产能力相符
    .why = 车间的产量不会比其铭牌能力或设计能力多很多。多出很多往往是单位有误。
X5-capacity = { $chemical }：产量多于车间的生产能力。
    .expected = 最多 { $most }
    .fix = 请更正数量或生产能力，或予以说明。
X5-plan = { $chemical }：计划的产量多于车间的生产能力。
    .expected = 最多 { $most }
    .fix = 请更正计划或生产能力，或予以说明。
X5-unit = { $chemical }：产量与生产能力相差千倍。是否把千克填作吨？
    .expected = 最多 { $most }
    .fix = 请核对数量和生产能力的单位。

X6 = 附表1化学品的库存平衡
    .why = 上一年年终的库存，以及生产或收到的数量，或已消耗，或已运出，或仍在库存中。
X6-balance = { $chemical }：年终库存不能由上一年得出。
    .expected = { $computed }
    .fix = 请更正库存或收发数量，或予以说明。年初库存为 { $start }。
X6-balance-range = { $chemical }：无论当年的转让属于哪一设施，年终库存都不能由上一年得出。
    .expected = { $computed } 至 { $most }
    .fix = 请更正库存或收发数量，或予以说明。年初库存为 { $start }。
X6-at-end = { $chemical }：年终库存多于所称的最大库存。
    .expected = 至少 { $least }
    .fix = 请更正其中之一。
X6-at-start = { $chemical }：年初库存多于所称的最大库存。
    .expected = 至少 { $least }
    .fix = 请更正其中之一；年初库存即上一年的年终库存。
X6-vanished = { $chemical } 在上一年年终有库存，而此次没有报告。
    .expected = 说明 { $start } 去向的一行
    .received = 无
    .fix = 请补充该化学品及其消耗或运出的数量。

X7 = 附表1化学品的生产写明前体
    .why = 附表1化学品由其他化学品制成，其中大多列于附表；毒素则由提取得到。
X7-none = { $chemical } 生产了 { $produced }，而没有写明前体。
    .expected = 附表1至附表3的前体及其数量
    .received = 无
    .fix = 请补充前体，或说明由何物制成。

X8 = 年度转让清单与当年的通知一致
    .why = 清单重述每项已通知的转让以及每个国家的合计。不同之处或在通知之后有变更，或系误写。
X8-quantity = { $chemical }：数量与通知不符。
    .expected = { $noticed }
    .fix = 请更正清单，或说明为何转让的数量与 { $number } 所述不同。
X8-unlisted = { $chemical }：已通知的与 { $state } 在 { $day } 的转让不在清单上。
    .expected = { $quantity }，如 { $number } 所通知
    .received = 无
    .fix = 请补充此项转让，或说明没有进行。
X8-sum = { $chemical }：{ $state } 的全年数量与其各项转让之和不符。
    .expected = { $computed }
    .fix = 请更正合计或各项转让。
X8-no-sum = { $chemical }：有与 { $state } 的转让，而没有全年数量。
    .expected = { $computed }
    .received = 无
    .fix = 请补充该国及其全年数量。

X9 = 进行的活动曾经计划，或另行宣布
    .why = 超过阈值的活动在该年之前宣布，或在开始之前至少五天宣布。
X9-unplanned = 车间 { $plant } 的 { $chemical } 不在 { $year } 年的任何计划中，也没有另行宣布。
    .expected = { $year } 年的计划，或增加活动的宣布
    .fix = 请补交未曾宣布的内容（虽已迟延），或予以说明。

X10 = 进行的活动与计划相近
    .why = 计划会改变，没有规则禁止。差异很大时，可能有一方的数字有误。
X10-amount = { $chemical }：{ $field } 与计划相差很大。
    .expected = 约 { $planned }
    .fix = 请核对数字；如无误，则无需处理。
X10-range = { $chemical }：范围与计划相差很大。
    .expected = { $planned }
    .fix = 请核对范围；如无误，则无需处理。
X10-unit = { $chemical }：{ $field } 与其计划相差千倍。是否把千克填作吨？
    .expected = 约 { $planned }
    .fix = 请核对此处和计划中的单位。

X11 = 厂区或设施的变更有所说明
    .why = 名称、经营者和地点是再次识别厂区的依据。其中之一有变更时，以备注说明变更的内容和起始时间。
X11-site = { $site }：{ $field } 与上一年不同，而没有备注说明。
    .expected = { $was }
    .fix = 请在备注中说明变更的内容和起始时间，或予以更正。
X11-moved = { $site } 的位置与上一年不同，而没有备注说明。
    .expected = { $was }
    .fix = 请更正坐标，或在备注中说明坐标系重新测读。
X11-plant = { $site }，车间 { $plant }：{ $field } 与上一年不同，而没有备注说明。
    .expected = { $was }
    .fix = 请在备注中说明变更的内容和起始时间，或予以更正。

X12 = 直接出口的对方是该国的贸易对方
    .why = 厂区自行出口时，该国此种化学品的出口列有同样的国家。
X12-partner = { $chemical } 直接出口到 { $state }，而全国数据没有列出向该国的出口。
    .expected = { $partners }
    .fix = 请更正此处的国家，或在全国出口中补充该国。

X13 = 数字与该国以往各年相符
    .why = 与以往各年相差很大的数字也可能是对的。为上一年千倍的数字几乎总是单位有误。
X13-unit = { $chemical }：此数字与 { $year } 年的数字相差千倍。是否把千克填作吨？
    .expected = 约 { $before }
    .fix = 请核对单位；如数字无误，请予以说明。
X13-above = { $chemical }：{ $field } 远高于该国此前 { $years } 年的数字。
    .expected = 约 { $usual }
    .fix = 请核对数字；如无误，则无需处理。
X13-below = { $chemical }：{ $field } 远低于该国此前 { $years } 年的数字。
    .expected = 约 { $usual }
    .fix = 请核对数字；如无误，则无需处理。
X13-copied = { $chemical }：每项总数都与 { $year } 年相同。
    .expected = 今年的总数
    .received = { $year } 年的总数
    .fix = 请查看是否再次提交了上一年的记录；如数字无误，则无需处理。
X13-swapped = { $chemical }：进口与 { $year } 年的出口相近，出口与该年的进口相近。两栏是否互换？
    .expected = 进口约 { $imported }，出口约 { $exported }
    .fix = 请对照下列国家核对各栏；如无误，请予以说明。

## 答复与修正

A1 = 每项答复对应其所答复的意见
    .why = 需说明的意见可以用理由予以答复，答复随宣布一同传送。一项答复对一条规则、一个位置有效，直至其最后一年；行改名、数字更正或年份推移之后，可能不再对应任何意见。此时予以指出，以免有理由无人阅读。
A1-unfit = 对 { $rule } 的答复不对应任何意见。
    .expected = { $rule } 在 { $place } 的一项未答复的意见
    .received = 无
    .fix = 请删除该答复，或就现在指出的位置重新答复：sextant answer FILE。
A1-expired = 对 { $rule } 的答复有效期至 { $until }。
    .expected = 对报告年度有效的答复
    .received = 有效期至 { $until } 的答复
    .fix = 请查看该理由是否仍然成立，并重新答复：sextant answer FILE。
A1-must-fix = { $rule } 所指出的问题必须更正；答复不能解决。
    .expected = 在 { $place } 更正
    .received = 答复
    .fix = 请更正该处并删除答复。

A2 = 修正或撤回写明有效的版本
    .why = 修正列出一个版本中更改的位置；用于另一版本则会更改其他内容。每项更改写明原来的内容，以免有人修正其未曾看到的内容。
A2-unknown = { $id } 不在所比较的申报文件之中。
    .expected = 该国申报文件中有 { $id } 的第 { $version } 版
    .received = 无
    .fix = 请与其所指的文件一并检查：sextant check FILE --with OTHER。
A2-version = { $id } 现行有效的是另一版本。
    .expected = { $holding }
    .fix = 请以现行有效的版本重新制作。
A2-filing = { $id } 本身是修正或撤回。
    .expected = 宣布某项内容的宣布
    .fix = 请重新修正其所涉的宣布。
A2-place = { $place } 的内容与修正所称的原内容不符。
    .expected = { $expected }
    .fix = 请以所修正的版本重新制作修正：sextant diff OLD NEW --as-amendment REASON。

## 登记册

REG-0 = 宣布的大小可以处理
    .why = 登记册完整读取一份宣布。超过其限度的宣布不予读取；意见多于一个人所能处理的，只显示最前面的部分。
REG-1 = 一国由其本国的国家主管部门宣布
    .why = 每一缔约国指定一个国家主管部门作为联络点；他人不为其宣布。
REG-2 = 一份宣布的各版本依次相接
    .why = 已登记的内容永不覆盖。更正以较高的版本，或以对已登记版本的修正作出。
REG-3 = 一份宣布的种类不变
    .why = 一个编号代表一份宣布。另一类宣布有其自己的编号。
REG-4 = 修正或撤回写明最后登记的版本
    .why = 一项修正产生下一版本。对同一版本的两项修正会产生两个下一版本，无人能说明哪一个有效。
REG-5 = 所有相关的申报文件都经过比较
    .why = 一份宣布与其国家已提交的文件比较。文件多于登记册一次所读取的数量时，比较其中最新的，并予以指出。
REG-6 = 文件包可以读取
    .why = 多份文件连同其清单装在一个文件包中传送。清单与文件不相符时，无人能说明申报了什么，因此不予采用。
REG-7 = 附件是可以打开的文件
    .why = 附件按收到时的原样保存，从不解压。会写出过多内容、写到其文件夹之外或内含另一压缩包的压缩包，一律不打开。
REG-8 = 申报所列的文件就是随附的文件
    .why = 申报列出其附件及其摘要值。有文件随附时，逐一比对，以免有人读到并非所指的文件。
