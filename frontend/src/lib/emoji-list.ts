// The emojis that people reach for, with words to find them by in three languages. Short on purpose: the system's own
// picker has the rest.

export type Group = 'faces' | 'people' | 'signs' | 'nature' | 'food' | 'things'

const LISTS: Record<Group, string> = {
  faces: `😀 grinning smile cười 웃음|😃 smiley happy vui 기쁨|😄 smile laugh cười 웃음|😁 grin|😆 laughing|😅 sweat_smile phù 땀|🤣 rofl floor 폭소|😂 joy tears laugh cười 웃김|🙂 slightly_smiling|🙃 upside_down|😉 wink nháy 윙크|😊 blush ngại 수줍|😇 innocent angel thiên_thần 천사|🥰 smiling_hearts love yêu 사랑|😍 heart_eyes love mê 하트눈|🤩 star_struck wow|😘 kiss hôn 뽀뽀|☺️ relaxed|😋 yum ngon 맛있|😛 tongue lè 메롱|😜 winking_tongue crazy|🤪 zany|🤑 money_face|🤗 hugging ôm 포옹|🤭 hand_over_mouth oops|🤫 shushing quiet suỵt 쉿|🤔 thinking hmm nghĩ 생각|🤐 zipper|😐 neutral|😑 expressionless|😶 no_mouth|😏 smirk|😒 unamused|🙄 eye_roll|😬 grimacing|😌 relieved|😔 pensive sad buồn 슬픔|😪 sleepy|😴 sleeping zzz ngủ 잠|😷 mask sick ốm 마스크|🤒 thermometer|🤕 bandage|🤢 nauseated|🤧 sneezing|🥵 hot nóng 더워|🥶 cold lạnh 추워|🥴 woozy|😵 dizzy|🤯 mind_blown|🥳 partying birthday tiệc 파티|😎 cool sunglasses ngầu 멋짐|🤓 nerd|🧐 monocle|😕 confused|😟 worried lo 걱정|🙁 frowning|😮 open_mouth wow ngạc_nhiên 놀람|😯 hushed|😲 astonished|😳 flushed|🥺 pleading please xin 제발|😦 frowning_open|😨 fearful sợ 무서|😰 anxious|😥 sad_relieved|😢 cry buồn 눈물|😭 sob crying khóc 울음|😱 scream hét 비명|😖 confounded|😣 persevere|😞 disappointed|😓 sweat|😩 weary|😫 tired mệt 피곤|🥱 yawning|😤 triumph|😡 rage angry giận 화남|😠 angry|🤬 cursing|😈 smiling_imp|💀 skull|💩 poop|🤡 clown|👻 ghost ma 유령|👽 alien|🤖 robot|😺 smiley_cat|😹 joy_cat|🙈 see_no_evil monkey|🙉 hear_no_evil|🙊 speak_no_evil`,
  people: `👋 wave hello chào 안녕|🤚 raised_back|✋ raised_hand|👌 ok_hand|🤏 pinching|✌️ victory peace|🤞 crossed_fingers luck may 행운|🤟 love_you|🤘 horns|🤙 call_me|👈 point_left|👉 point_right|👆 point_up|👇 point_down|👍 thumbsup like yes thích 좋아|👎 thumbsdown no|✊ fist|👊 punch|👏 clap bravo vỗ_tay 박수|🙌 raised_hands hooray|🫶 heart_hands|👐 open_hands|🤲 palms|🤝 handshake deal|🙏 pray thanks please cảm_ơn 감사 부탁|✍️ writing|💪 muscle strong mạnh 힘|👀 eyes look nhìn 눈|🧠 brain|👶 baby|🧒 child|👧 girl|👦 boy|👩 woman|👨 man|🧓 older|🙋 raising_hand|🤷 shrug|🤦 facepalm|🙇 bow|💃 dancing nhảy 춤|🕺 man_dancing|🚶 walking|🏃 running chạy 달리기|🧘 yoga|👪 family gia_đình 가족|👩‍💻 technologist code|👩‍🌾 farmer|👩‍🍳 cook|👩‍🏫 teacher`,
  signs: `❤️ heart red love tim 하트 사랑|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|🤍 white_heart|💔 broken_heart|💕 two_hearts|💖 sparkling_heart|💯 hundred|✨ sparkles|⭐ star sao 별|🌟 glowing_star|💫 dizzy_star|🔥 fire hot lửa 불|💥 boom|💤 zzz|💬 speech|💭 thought|✅ check_mark done xong 완료|☑️ checked|❌ cross no|❗ exclamation|❓ question|⚠️ warning|🚫 prohibited|♻️ recycle|➡️ arrow_right|⬅️ arrow_left|⬆️ arrow_up|⬇️ arrow_down|🔁 repeat|🆗 ok|🆕 new|🔴 red_circle|🟢 green_circle|🔵 blue_circle|🎵 music nhạc 음악|🏳️‍🌈 rainbow_flag|🇻🇳 vietnam việt_nam 베트남|🇰🇷 korea hàn_quốc 한국`,
  nature: `🐶 dog chó 강아지|🐱 cat mèo 고양이|🐭 mouse|🐰 rabbit thỏ 토끼|🦊 fox|🐻 bear gấu 곰|🐼 panda|🐯 tiger hổ 호랑이|🦁 lion|🐮 cow|🐷 pig heo 돼지|🐸 frog|🐵 monkey|🐔 chicken gà 닭|🐧 penguin|🐦 bird chim 새|🦆 duck|🦉 owl|🐝 bee|🦋 butterfly bướm 나비|🐢 turtle|🐍 snake|🐙 octopus|🐠 fish cá 물고기|🐬 dolphin|🐳 whale|🐘 elephant|🌸 cherry_blossom hoa 벚꽃|🌹 rose|🌻 sunflower|🌷 tulip|🌱 seedling|🌲 tree cây 나무|🌴 palm|🍀 clover luck|🍂 leaves autumn thu 가을|🌍 earth world|🌙 moon trăng 달|☀️ sun sunny nắng 해|⛅ cloud mây 구름|🌧️ rain mưa 비|⛈️ storm|❄️ snow tuyết 눈|🌈 rainbow cầu_vồng 무지개|🌊 wave sea biển 바다`,
  food: `🍎 apple táo 사과|🍊 orange cam 귤|🍋 lemon|🍌 banana chuối 바나나|🍉 watermelon|🍇 grapes|🍓 strawberry dâu 딸기|🍑 peach|🥭 mango xoài 망고|🍍 pineapple|🥥 coconut|🥑 avocado|🍅 tomato|🌽 corn|🌶️ chili ớt 고추|🥕 carrot|🧄 garlic|🍞 bread bánh_mì 빵|🥐 croissant|🧀 cheese|🥚 egg|🍳 cooking|🥞 pancakes|🍔 burger|🍟 fries|🍕 pizza|🌮 taco|🥗 salad|🍜 noodles phở 국수 라면|🍲 stew lẩu 찌개|🍚 rice cơm 밥|🍙 rice_ball 주먹밥|🍣 sushi|🥟 dumpling 만두|🍦 ice_cream kem 아이스크림|🍰 cake bánh 케이크|🎂 birthday_cake sinh_nhật 생일|🍪 cookie|🍫 chocolate|🍯 honey|☕ coffee cà_phê 커피|🍵 tea trà 차|🧋 bubble_tea trà_sữa 버블티|🍺 beer bia 맥주|🍷 wine|🥂 cheers|🧃 juice`,
  things: `🏠 house nhà 집|🏢 office|🏫 school trường 학교|🏥 hospital|⛰️ mountain núi 산|🏖️ beach|🏕️ camping|🚗 car xe 차|🚌 bus|🚲 bicycle xe_đạp 자전거|🏍️ motorcycle xe_máy 오토바이|🚆 train|✈️ airplane máy_bay 비행기|🚀 rocket|⛵ boat|📱 phone|💻 laptop computer|⌨️ keyboard|📷 camera ảnh 카메라|🎥 film|📺 tv|🎧 headphones|🎤 microphone|🎸 guitar|🎹 piano|🥁 drum|🎨 art vẽ 그림|🎭 theater|🎮 game|🎲 dice|⚽ football bóng 축구|🏀 basketball|🏸 badminton|🏆 trophy|🥇 gold_medal|🎁 gift quà 선물|🎉 tada party mừng 축하|🎈 balloon|🏮 lantern|🧵 thread chỉ 실|🪡 needle|🧶 yarn knitting len 뜨개|👕 shirt|👟 shoes|🎒 backpack|👓 glasses|☂️ umbrella ô 우산|💡 idea light ý_tưởng 아이디어|🔧 wrench|🔨 hammer|📚 books sách 책|📖 reading|✏️ pencil|📝 memo note ghi 메모|📅 calendar|📌 pin|📎 paperclip|✂️ scissors|🔒 lock|🔑 key|💰 money tiền 돈|💊 pill|🛒 shopping|⏰ alarm|⏳ hourglass|🕯️ candle|📣 megaphone|🔔 bell|📦 package|✉️ envelope mail thư 편지`,
}

export type Named = [sign: string, names: string]

const read = (list: string): Named[] =>
  list.split('|').map((line) => {
    const gap = line.indexOf(' ')
    return [line.slice(0, gap), line.slice(gap + 1)]
  })

export const GROUPS = Object.keys(LISTS) as Group[]

export const groupOf = (group: Group): Named[] => read(LISTS[group])

/** All of them, for completion. */
export const named = (): Named[] => GROUPS.flatMap(groupOf)
