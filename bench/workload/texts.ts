import { gaussian, pick, seededRandom } from './random.ts';

/** Words of questions that people ask each other; nearly all are one token of BERT's vocabulary. */
export const words =
  `how what why when where which who is are was can could do does did should would will the a an of to in
on for from with without about into over under best way good bad first last new old long short small large high low
learn start stop make take get give find keep use buy sell read write speak study work play help change lose gain become
know think feel believe understand explain improve prepare compare choose pay save spend invest build run open close
language english india china world country city state government president election law war history school college
university engineering science physics chemistry math computer program software phone internet website account password
google facebook video movie book music song game money bank market stock business company job interview salary career
life love friend girl boy man woman child parent family husband wife house car train water food weight health doctor
sleep dream mind brain body hair skin face eye heart blood exercise day night week month year time age future past
people person someone anyone everyone everything nothing something difference between same other more most less least
many much few every all any some only just even still ever never always often again before after while during because
if than then like such and or but not no yes my your his her their our its this that these those i you he she it we`
    .trim()
    .split(/\s+/);

/** Mean 40 tokens with the two special ones, deviation 0.8 on the logarithm: half have fewer than 30, 1% over 190. */
const [mu, sigma] = [Math.log(38) - 0.32, 0.8];

/** Below the limit of 256 tokens of all-MiniLM-L6-v2, so that no contender computes less by cutting. */
const maxWords = 240;

/** Questions of log-normal length, the same on every run. */
export function mixedTexts(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const wanted = Math.round(Math.exp(mu + sigma * gaussian(random))) - 1;
    const length = Math.min(maxWords, Math.max(1, wanted));
    return `${Array.from({ length }, () => pick(words, random)).join(' ')}?`;
  });
}
