"""The names of countries for the hub's form: code, English, Vietnamese, Korean. Sorted for readers when a page asks."""

from __future__ import annotations

from functools import lru_cache

from weft.web.texts import LANGUAGES

_NAMES = """
AD|Andorra|Andorra|안도라
AE|United Arab Emirates|Các Tiểu vương quốc Ả Rập Thống nhất|아랍에미리트
AF|Afghanistan|Afghanistan|아프가니스탄
AG|Antigua and Barbuda|Antigua và Barbuda|앤티가 바부다
AI|Anguilla|Anguilla|앵귈라
AL|Albania|Albania|알바니아
AM|Armenia|Armenia|아르메니아
AO|Angola|Angola|앙골라
AQ|Antarctica|Châu Nam Cực|남극
AR|Argentina|Argentina|아르헨티나
AS|American Samoa|Samoa thuộc Mỹ|아메리칸사모아
AT|Austria|Áo|오스트리아
AU|Australia|Úc|오스트레일리아
AW|Aruba|Aruba|아루바
AX|Åland Islands|Quần đảo Åland|올란드 제도
AZ|Azerbaijan|Azerbaijan|아제르바이잔
BA|Bosnia and Herzegovina|Bosnia và Herzegovina|보스니아 헤르체고비나
BB|Barbados|Barbados|바베이도스
BD|Bangladesh|Bangladesh|방글라데시
BE|Belgium|Bỉ|벨기에
BF|Burkina Faso|Burkina Faso|부르키나파소
BG|Bulgaria|Bulgaria|불가리아
BH|Bahrain|Bahrain|바레인
BI|Burundi|Burundi|부룬디
BJ|Benin|Benin|베냉
BL|Saint Barthélemy|Saint Barthélemy|생바르텔레미
BM|Bermuda|Bermuda|버뮤다
BN|Brunei|Brunei|브루나이
BO|Bolivia|Bolivia|볼리비아
BQ|Caribbean Netherlands|Ca-ri-bê thuộc Hà Lan|카리브 네덜란드
BR|Brazil|Brazil|브라질
BS|Bahamas|Bahamas|바하마
BT|Bhutan|Bhutan|부탄
BV|Bouvet Island|Đảo Bouvet|부베섬
BW|Botswana|Botswana|보츠와나
BY|Belarus|Belarus|벨라루스
BZ|Belize|Belize|벨리즈
CA|Canada|Canada|캐나다
CC|Cocos (Keeling) Islands|Quần đảo Cocos (Keeling)|코코스 제도
CD|Congo (Kinshasa)|Congo (Kinshasa)|콩고 민주 공화국
CF|Central African Republic|Cộng hòa Trung Phi|중앙아프리카 공화국
CG|Congo (Brazzaville)|Congo (Brazzaville)|콩고 공화국
CH|Switzerland|Thụy Sĩ|스위스
CI|Côte d’Ivoire|Côte d’Ivoire|코트디부아르
CK|Cook Islands|Quần đảo Cook|쿡 제도
CL|Chile|Chile|칠레
CM|Cameroon|Cameroon|카메룬
CN|China|Trung Quốc|중국
CO|Colombia|Colombia|콜롬비아
CR|Costa Rica|Costa Rica|코스타리카
CU|Cuba|Cuba|쿠바
CV|Cape Verde|Cabo Verde|카보베르데
CW|Curaçao|Curaçao|퀴라소
CX|Christmas Island|Đảo Giáng Sinh|크리스마스섬
CY|Cyprus|Síp|키프로스
CZ|Czechia|Séc|체코
DE|Germany|Đức|독일
DJ|Djibouti|Djibouti|지부티
DK|Denmark|Đan Mạch|덴마크
DM|Dominica|Dominica|도미니카 연방
DO|Dominican Republic|Cộng hòa Dominica|도미니카 공화국
DZ|Algeria|Algeria|알제리
EC|Ecuador|Ecuador|에콰도르
EE|Estonia|Estonia|에스토니아
EG|Egypt|Ai Cập|이집트
EH|Western Sahara|Tây Sahara|서사하라
ER|Eritrea|Eritrea|에리트레아
ES|Spain|Tây Ban Nha|스페인
ET|Ethiopia|Ethiopia|에티오피아
FI|Finland|Phần Lan|핀란드
FJ|Fiji|Fiji|피지
FK|Falkland Islands|Quần đảo Falkland|포클랜드 제도
FM|Micronesia|Micronesia|미크로네시아
FO|Faroe Islands|Quần đảo Faroe|페로 제도
FR|France|Pháp|프랑스
GA|Gabon|Gabon|가봉
GB|United Kingdom|Vương quốc Anh|영국
GD|Grenada|Grenada|그레나다
GE|Georgia|Gruzia|조지아
GF|French Guiana|Guiana thuộc Pháp|프랑스령 기아나
GG|Guernsey|Guernsey|건지섬
GH|Ghana|Ghana|가나
GI|Gibraltar|Gibraltar|지브롤터
GL|Greenland|Greenland|그린란드
GM|Gambia|Gambia|감비아
GN|Guinea|Guinea|기니
GP|Guadeloupe|Guadeloupe|과들루프
GQ|Equatorial Guinea|Guinea Xích Đạo|적도 기니
GR|Greece|Hy Lạp|그리스
GS|South Georgia and South Sandwich Islands|Nam Georgia và Quần đảo Nam Sandwich|사우스조지아 사우스샌드위치 제도
GT|Guatemala|Guatemala|과테말라
GU|Guam|Guam|괌
GW|Guinea-Bissau|Guinea-Bissau|기니비사우
GY|Guyana|Guyana|가이아나
HK|Hong Kong|Hồng Kông|홍콩
HM|Heard and McDonald Islands|Quần đảo Heard và McDonald|허드 맥도널드 제도
HN|Honduras|Honduras|온두라스
HR|Croatia|Croatia|크로아티아
HT|Haiti|Haiti|아이티
HU|Hungary|Hungary|헝가리
ID|Indonesia|Indonesia|인도네시아
IE|Ireland|Ireland|아일랜드
IL|Israel|Israel|이스라엘
IM|Isle of Man|Đảo Man|맨섬
IN|India|Ấn Độ|인도
IO|British Indian Ocean Territory|Lãnh thổ Ấn Độ Dương thuộc Anh|영국령 인도양 지역
IQ|Iraq|Iraq|이라크
IR|Iran|Iran|이란
IS|Iceland|Iceland|아이슬란드
IT|Italy|Ý|이탈리아
JE|Jersey|Jersey|저지섬
JM|Jamaica|Jamaica|자메이카
JO|Jordan|Jordan|요르단
JP|Japan|Nhật Bản|일본
KE|Kenya|Kenya|케냐
KG|Kyrgyzstan|Kyrgyzstan|키르기스스탄
KH|Cambodia|Campuchia|캄보디아
KI|Kiribati|Kiribati|키리바시
KM|Comoros|Comoros|코모로
KN|Saint Kitts and Nevis|Saint Kitts và Nevis|세인트키츠 네비스
KP|North Korea|Triều Tiên|조선민주주의인민공화국
KR|South Korea|Hàn Quốc|대한민국
KW|Kuwait|Kuwait|쿠웨이트
KY|Cayman Islands|Quần đảo Cayman|케이맨 제도
KZ|Kazakhstan|Kazakhstan|카자흐스탄
LA|Laos|Lào|라오스
LB|Lebanon|Liban|레바논
LC|Saint Lucia|Saint Lucia|세인트루시아
LI|Liechtenstein|Liechtenstein|리히텐슈타인
LK|Sri Lanka|Sri Lanka|스리랑카
LR|Liberia|Liberia|라이베리아
LS|Lesotho|Lesotho|레소토
LT|Lithuania|Litva|리투아니아
LU|Luxembourg|Luxembourg|룩셈부르크
LV|Latvia|Latvia|라트비아
LY|Libya|Libya|리비아
MA|Morocco|Maroc|모로코
MC|Monaco|Monaco|모나코
MD|Moldova|Moldova|몰도바
ME|Montenegro|Montenegro|몬테네그로
MF|Saint Martin|Saint Martin|생마르탱
MG|Madagascar|Madagascar|마다가스카르
MH|Marshall Islands|Quần đảo Marshall|마셜 제도
MK|North Macedonia|Bắc Macedonia|북마케도니아
ML|Mali|Mali|말리
MM|Myanmar|Myanmar|미얀마
MN|Mongolia|Mông Cổ|몽골
MO|Macao|Ma Cao|마카오
MP|Northern Mariana Islands|Quần đảo Bắc Mariana|북마리아나 제도
MQ|Martinique|Martinique|마르티니크
MR|Mauritania|Mauritania|모리타니
MS|Montserrat|Montserrat|몬트세랫
MT|Malta|Malta|몰타
MU|Mauritius|Mauritius|모리셔스
MV|Maldives|Maldives|몰디브
MW|Malawi|Malawi|말라위
MX|Mexico|Mexico|멕시코
MY|Malaysia|Malaysia|말레이시아
MZ|Mozambique|Mozambique|모잠비크
NA|Namibia|Namibia|나미비아
NC|New Caledonia|New Caledonia|뉴칼레도니아
NE|Niger|Niger|니제르
NF|Norfolk Island|Đảo Norfolk|노퍽섬
NG|Nigeria|Nigeria|나이지리아
NI|Nicaragua|Nicaragua|니카라과
NL|Netherlands|Hà Lan|네덜란드
NO|Norway|Na Uy|노르웨이
NP|Nepal|Nepal|네팔
NR|Nauru|Nauru|나우루
NU|Niue|Niue|니우에
NZ|New Zealand|New Zealand|뉴질랜드
OM|Oman|Oman|오만
PA|Panama|Panama|파나마
PE|Peru|Peru|페루
PF|French Polynesia|Polynesia thuộc Pháp|프랑스령 폴리네시아
PG|Papua New Guinea|Papua New Guinea|파푸아뉴기니
PH|Philippines|Philippines|필리핀
PK|Pakistan|Pakistan|파키스탄
PL|Poland|Ba Lan|폴란드
PM|Saint Pierre and Miquelon|Saint Pierre và Miquelon|생피에르 미클롱
PN|Pitcairn|Quần đảo Pitcairn|핏케언 제도
PR|Puerto Rico|Puerto Rico|푸에르토리코
PS|Palestine|Palestine|팔레스타인
PT|Portugal|Bồ Đào Nha|포르투갈
PW|Palau|Palau|팔라우
PY|Paraguay|Paraguay|파라과이
QA|Qatar|Qatar|카타르
RE|Réunion|Réunion|레위니옹
RO|Romania|Romania|루마니아
RS|Serbia|Serbia|세르비아
RU|Russia|Nga|러시아
RW|Rwanda|Rwanda|르완다
SA|Saudi Arabia|Ả Rập Xê Út|사우디아라비아
SB|Solomon Islands|Quần đảo Solomon|솔로몬 제도
SC|Seychelles|Seychelles|세이셸
SD|Sudan|Sudan|수단
SE|Sweden|Thụy Điển|스웨덴
SG|Singapore|Singapore|싱가포르
SH|Saint Helena|Saint Helena|세인트헬레나
SI|Slovenia|Slovenia|슬로베니아
SJ|Svalbard and Jan Mayen|Svalbard và Jan Mayen|스발바르 얀마옌
SK|Slovakia|Slovakia|슬로바키아
SL|Sierra Leone|Sierra Leone|시에라리온
SM|San Marino|San Marino|산마리노
SN|Senegal|Senegal|세네갈
SO|Somalia|Somalia|소말리아
SR|Suriname|Suriname|수리남
SS|South Sudan|Nam Sudan|남수단
ST|São Tomé and Príncipe|São Tomé và Príncipe|상투메 프린시페
SV|El Salvador|El Salvador|엘살바도르
SX|Sint Maarten|Sint Maarten|신트마르턴
SY|Syria|Syria|시리아
SZ|Eswatini|Eswatini|에스와티니
TC|Turks and Caicos Islands|Quần đảo Turks và Caicos|터크스 케이커스 제도
TD|Chad|Tchad|차드
TF|French Southern Territories|Lãnh thổ phía Nam thuộc Pháp|프랑스령 남방 지역
TG|Togo|Togo|토고
TH|Thailand|Thái Lan|태국
TJ|Tajikistan|Tajikistan|타지키스탄
TK|Tokelau|Tokelau|토켈라우
TL|Timor-Leste|Đông Timor|동티모르
TM|Turkmenistan|Turkmenistan|투르크메니스탄
TN|Tunisia|Tunisia|튀니지
TO|Tonga|Tonga|통가
TR|Türkiye|Thổ Nhĩ Kỳ|튀르키예
TT|Trinidad and Tobago|Trinidad và Tobago|트리니다드 토바고
TV|Tuvalu|Tuvalu|투발루
TW|Taiwan|Đài Loan|대만
TZ|Tanzania|Tanzania|탄자니아
UA|Ukraine|Ukraina|우크라이나
UG|Uganda|Uganda|우간다
UM|U.S. Outlying Islands|Các đảo nhỏ xa trung tâm thuộc Mỹ|미국령 군소 제도
US|United States|Hoa Kỳ|미국
UY|Uruguay|Uruguay|우루과이
UZ|Uzbekistan|Uzbekistan|우즈베키스탄
VA|Vatican City|Vatican|바티칸
VC|Saint Vincent and the Grenadines|Saint Vincent và Grenadines|세인트빈센트 그레나딘
VE|Venezuela|Venezuela|베네수엘라
VG|British Virgin Islands|Quần đảo Virgin thuộc Anh|영국령 버진아일랜드
VI|U.S. Virgin Islands|Quần đảo Virgin thuộc Mỹ|미국령 버진아일랜드
VN|Vietnam|Việt Nam|베트남
VU|Vanuatu|Vanuatu|바누아투
WF|Wallis and Futuna|Wallis và Futuna|왈리스 푸투나
WS|Samoa|Samoa|사모아
YE|Yemen|Yemen|예멘
YT|Mayotte|Mayotte|마요트
ZA|South Africa|Nam Phi|남아프리카 공화국
ZM|Zambia|Zambia|잠비아
ZW|Zimbabwe|Zimbabwe|짐바브웨
"""
_PLACES = {"en": 1, "vi": 2, "ko": 3}
_FOLDED = str.maketrans("ÅÁÂÀẤẢÍÝÉÔÖÜÇĐ", "AAAAAAIYEOOUCD")


@lru_cache(maxsize=len(LANGUAGES))
def countries_in(language: str) -> tuple[tuple[str, str], ...]:
    """Code and name of every country, in the order of that language's names."""
    rows = [line.split("|") for line in _NAMES.strip().splitlines()]
    place = _PLACES.get(language, 1)
    return tuple(sorted(((row[0], row[place]) for row in rows), key=lambda pair: pair[1].upper().translate(_FOLDED)))
