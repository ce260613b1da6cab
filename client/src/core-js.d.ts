declare module "core-js/web/url";
