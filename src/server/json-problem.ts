/** What V8 says of JSON that it cannot read, before it quotes the text. */
const PROBLEM =
  /^(?:Unexpected token '.{1,2}'|.*?(?=(?: in JSON)? at position )|.*end of JSON input)/su;
const PLACE = /\(line \d+ column \d+\)$/;

/**
 * What is wrong with a text that is no JSON, and where if that is known, to stand in a sentence:
 * `unexpected token '}'`.
 * @param error what `JSON.parse` has thrown
 */
export function jsonProblem({ message }: SyntaxError): string {
  const problem = PROBLEM.exec(message)?.[0] ?? 'it cannot be read';
  const place = PLACE.exec(message)?.[0];
  const text = problem.charAt(0).toLowerCase() + problem.slice(1);
  return place === undefined ? text : `${text} ${place}`;
}
