/**
 * `name=EXPRESSION`, and no comparison. Parameters of services may have dots in their names, as
 * R's have.
 */
export const PARAMETER = /^([\p{L}_][\p{L}\p{N}_.]*)=(?!=)(.*)$/su;
